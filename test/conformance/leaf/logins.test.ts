/** Every way in which we say to a hub who we are. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { createUser } from '@nats-io/jwt'
import { TestAuthority } from '../../helpers/certificates.ts'
import { type NatsNodeOptions, startNatsNode } from '../../helpers/nats-cluster.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { nowSeconds, Operator } from '../auth/operator.ts'
import { describeHubs } from './hubs.ts'
import { connectTo, crosses, linked, logged, startSpoke } from './spoke.ts'

const ACCOUNTS = 'accounts { A { users: [ { user: app, password: app }, { user: leaf, password: "p@ss/word" } ] } }'
const keys = createUser()
const seed = Buffer.from(keys.getSeed()).toString()

interface Login {
  readonly hub: (folder: TemporaryFolder) => NatsNodeOptions | Promise<NatsNodeOptions>
  /** In front of the host. */
  readonly user?: string
  readonly remote?: (folder: TemporaryFolder) => string
}

const LOGINS: Readonly<Record<string, Login>> = {
  'user and password': { hub: () => ({ config: ACCOUNTS }), user: 'leaf:p%40ss%2Fword@' },
  'user and password of the leafnodes block': {
    hub: () => ({ config: ACCOUNTS, leafConfig: 'authorization { user: l, password: pw, account: A }' }),
    user: 'l:pw@',
  },
  'one of the users of the leafnodes block': {
    hub: () => ({ config: ACCOUNTS, leafConfig: 'authorization { users: [ { user: l, password: pw, account: A } ] }' }),
    user: 'l:pw@',
  },
  'a token': { hub: () => ({ config: 'authorization { token: t0ken }' }), user: 't0ken@' },
  'an nkey': {
    hub: () => ({
      config: `accounts { A { users: [ { nkey: ${keys.getPublicKey()} }, { user: app, password: app } ] } }`,
    }),
    remote: () => `nkey: ${seed}`,
  },
  'a certificate that names a user': {
    hub: async (folder) => {
      const authority = await TestAuthority.create(folder, 'hub')
      const { certFile, keyFile } = await authority.issue()
      const client = await authority.issue({ subject: 'CN=leaf.example', dnsNames: [] })
      await writeFile(folder.join('cert'), client.cert)
      await writeFile(folder.join('key'), client.key)
      const tls = `tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${authority.caFile}", verify_and_map: true }`
      return {
        config: 'accounts { A { users: [ { user: "CN=leaf.example" }, { user: app, password: app } ] } }',
        leafConfig: tls,
      }
    },
    remote: (folder) =>
      `tls { ca_file: "${folder.join('hub.pem')}", cert_file: "${folder.join('cert')}", key_file: "${folder.join('key')}" }`,
  },
}

describeHubs('a link is made', ({ command }) => {
  for (const [name, { hub: hubOf, user = '', remote }] of Object.entries(LOGINS)) {
    test(`with ${name}`, async () => {
      await using folder = await temporaryFolder()
      await using hub = await startNatsNode({ leafnodes: true, ...(command && { command }), ...(await hubOf(folder)) })
      await using spoke = await startSpoke(`nats://${user}localhost:${hub.leafPort}`, remote?.(folder))
      await linked(spoke)
      const login = name === 'a token' ? { token: 't0ken' } : { user: 'app', pass: 'app' }
      await using there = await connectTo(hub.url, login)
      await using here = await connectTo(spoke.natsUrl)
      await crosses(there.client, here.client, 'down')
      await crosses(here.client, there.client, 'up')
      assert.doesNotMatch(JSON.stringify(spoke.log), /p@ss|t0ken|:pw@|SU[A-Z2-7]{20}/)
    })
  }

  test('with a credentials file of an operator; one that has expired is named, and its successor is found', async () => {
    await using folder = await temporaryFolder()
    const operator = new Operator()
    const account = operator.account('A')
    const file = folder.join('leaf.creds')
    const config = await operator.memoryConfig({ [account.key]: await account.jwt() })
    await using hub = await startNatsNode({ leafnodes: true, config, ...(command && { command }) })
    await writeFile(file, (await account.user('leaf', { exp: nowSeconds() - 60 })).file)
    await using spoke = await startSpoke(hub.leafUrl, `credentials: "${file}"`)
    const said = await logged(spoke, 'leaf node not connected', /Authorization Violation|Expired/)
    assert.match(said, /credentials expired at 20\d\d-.*exchange them/)

    await writeFile(file, (await account.user('leaf')).file)
    await linked(spoke)
    const user = await account.user('app')
    await using there = await connectTo(hub.url, user.credentials)
    await using here = await connectTo(spoke.natsUrl)
    await crosses(there.client, here.client, 'down')
    assert.doesNotMatch(JSON.stringify(spoke.log), /SU[A-Z2-7]{20}|eyJ0/)
  })

  test('with an operator on both sides', async () => {
    await using folder = await temporaryFolder()
    const operator = new Operator()
    const account = operator.account('A')
    const file = folder.join('leaf.creds')
    await writeFile(file, (await account.user('leaf')).file)
    const config = await operator.memoryConfig({ [account.key]: await account.jwt() })
    await using hub = await startNatsNode({ leafnodes: true, config, ...(command && { command }) })
    await using spoke = await startSpoke(hub.leafUrl, `credentials: "${file}", account: ${account.key}`, config)
    await linked(spoke)
    const { credentials } = await account.user('app')
    await using there = await connectTo(hub.url, credentials)
    await using here = await connectTo(spoke.natsUrl, credentials)
    await crosses(there.client, here.client, 'down')
    await crosses(here.client, there.client, 'up')
  })

  test('with credentials that were wrong until the hub was told of them', async () => {
    const other = 'accounts { A { users: [ { user: app, password: app } ] } }'
    await using hub = await startNatsNode({ leafnodes: true, config: other, ...(command && { command }) })
    await using spoke = await startSpoke(hub.leafUrl.replace('//', '//leaf:hush-hush@'))
    const said = await logged(spoke, 'leaf node not connected', /Authorization Violation/)
    assert.match(said, /check the credentials of the remote/)
    await hub.reload(hub.configText.replace('[ {', '[ { user: leaf, password: "hush-hush" }, {'))
    await linked(spoke)
    assert.doesNotMatch(JSON.stringify(spoke.log), /hush-hush/)
  })
})
