/**
 * A Belfry that is the push relay of another one: what happens on the other arrives at devices on its hub, by SignalR's own
 * client with a session of the other, and at NATS clients that are subscribed to what is relayed.
 */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Msg, NatsConnection } from '@nats-io/nats-core'
import { NotificationType } from '../../src/notify/index.ts'
import { login, PASSWORD, register, type TestDevice } from '../helpers/account.ts'
import { recordingLogger } from '../helpers/recording-logger.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { until, within } from '../helpers/wait.ts'
import { CutLine } from './cut-line.ts'
import { BitwardenCli, HubDevice, type HubEvent } from './devices.ts'
import { connectTcp } from './nats-clients.ts'
import { INSTALLATION } from './push/belfry.ts'

const T = NotificationType
const { installationId, installationKey } = INSTALLATION
const RELAYED = { kind: 'stream', account: 'VAULT', subject: 'relay.>', to: 'relay.>', allowsTrace: false } as const

describe('a Belfry that is the relay of another one', () => {
  const cleanUp = new AsyncDisposableStack()
  const email = 'alice@example.com'
  let relay: TestServer
  let other: TestServer
  let audit: AsyncIterator<Msg>
  /** By which the other one comes to it. */
  let line: CutLine
  const logged: string[] = []
  let phone: TestDevice
  let webVault: TestDevice
  before(async () => {
    const folder = cleanUp.use(await temporaryFolder())
    // It is there before either of them, as each has to know something of the other.
    const rsaKeyFilename = folder.join('rsa_key')
    const publicKeyFile = folder.join('rsa_key.pub.pem')
    {
      await using first = await startTestServer({ vault: { rsaKeyFilename } })
      assert.ok(first.webUrl)
    }
    const key = createPublicKey(await readFile(`${rsaKeyFilename}.pem`))
    await writeFile(publicKeyFile, key.export({ type: 'spki', format: 'pem' }))

    const installations = [
      { id: installationId, key: installationKey, issuer: 'http://localhost|login', publicKeyFile },
    ]
    relay = cleanUp.use(
      await startTestServer({
        relay: { installations },
        nats: {
          accounts: [{ name: 'AUDIT', imports: [RELAYED] }],
          users: [{ user: 'audit', password: 'secret', account: 'AUDIT' }],
        },
      }),
    )
    line = cleanUp.use(await CutLine.to(relay.webUrl))
    other = cleanUp.use(
      await startTestServer(
        {
          vault: { rsaKeyFilename, domain: 'http://localhost' },
          push: {
            enabled: true,
            installationId,
            installationKey,
            relayUri: line.url,
            identityUri: `${line.url}/identity`,
          },
        },
        recordingLogger(({ event }) => logged.push(event)),
      ),
    )
    const nats: NatsConnection = await connectTcp(relay.natsUrl, { user: 'audit', pass: 'secret' })
    cleanUp.defer(() => nats.close())
    audit = nats.subscribe('relay.>')[Symbol.asyncIterator]()
    await nats.flush()
    await register({ server: other.webUrl, email })
    await logIn()
  })
  after(() => cleanUp.disposeAsync())

  /** A web vault, and a phone of which the relay knows. */
  async function logIn() {
    const registered = () => logged.filter((event) => event === 'phone registered with the push relay').length
    const before = registered()
    webVault = await login({ server: other.webUrl, email })
    phone = await login({ server: other.webUrl, email, deviceType: 0 })
    await phone.put(`/api/devices/identifier/${phone.deviceId}/token`, { pushToken: 'fcm:token' })
    await until(() => registered() > before, 'the registration of the phone')
  }

  const relayed = async () => {
    const { value } = await within(audit.next(), 'a message on relay.>')
    return { subject: value.subject as string, ...(value.json() as HubEvent) }
  }

  test('devices of the other hear on its hub what the official CLI changes there', async () => {
    await using hub = await HubDevice.connect(relay.webUrl, phone.accessToken)
    await using cli = await BitwardenCli.install(other.certificateAuthorityFile)
    await cli.login(other.secureUrl, email, PASSWORD)
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
    const made = await cli.json('create', 'folder', encoded({ name: 'From the CLI' }))
    const { json } = await webVault.get(`/api/folders/${made.id}`)
    const event = await hub.next(30_000)
    assert.deepEqual(
      [event.Type, event.Payload.Id, event.Payload.UserId, event.Payload.RevisionDate.getTime()],
      [T.SyncFolderCreate, made.id, phone.userId, Date.parse(json.revisionDate)],
    )
    const { subject, ContextId, Payload } = await relayed()
    assert.equal(subject, `relay.${installationId}.user.${phone.userId}.SyncFolderCreate`)
    assert.deepEqual([ContextId, Payload.Id], [event.ContextId, made.id])
  })

  test('every kind of event comes through, in its order', async () => {
    await using hub = await HubDevice.connect(relay.webUrl, phone.accessToken)
    const { json: item } = await webVault.post('/api/ciphers', webVault.loginItem('Bank'))
    const assertNext = async (type: number, id?: string) => {
      const [event, watched] = await Promise.all([hub.next(30_000), relayed()])
      assert.deepEqual([event.Type, event.Payload.UserId], [type, phone.userId])
      if (id !== undefined) assert.equal(event.Payload.Id, id)
      assert.deepEqual([watched.Type, watched.ContextId], [event.Type, event.ContextId])
    }
    await assertNext(T.SyncCipherCreate, item.id)
    await webVault.put(`/api/ciphers/${item.id}`, webVault.loginItem('Bank, renamed'))
    await assertNext(T.SyncCipherUpdate, item.id)
    await webVault.delete(`/api/ciphers/${item.id}`)
    await assertNext(T.SyncLoginDelete, item.id)
    await webVault.put('/api/accounts/profile', { name: 'Alice Example' })
    await assertNext(T.SyncSettings)
    await webVault.post('/api/ciphers/purge', { masterPasswordHash: webVault.passwordHash })
    await assertNext(T.SyncVault)
  })

  test('who is logged out on the other loses the connection to its hub', async () => {
    await using hub = await HubDevice.connect(relay.webUrl, phone.accessToken)
    const closed = new Promise((resolve) => hub.connection.onclose(resolve))
    const { status } = await webVault.post('/api/accounts/security-stamp', {
      masterPasswordHash: webVault.passwordHash,
    })
    assert.equal(status, 200)
    assert.equal((await hub.next(30_000)).Type, T.LogOut)
    await within(closed, 'the end of the connection')
  })

  test('what happens while it cannot be reached is told when it can', async () => {
    await logIn()
    await using hub = await HubDevice.connect(relay.webUrl, phone.accessToken)
    line.cutUntilMended()
    const before = line.connections
    const { json } = await webVault.post('/api/folders', { name: webVault.encrypt('x') })
    await until(() => line.connections > before, 'a try')
    assert.deepEqual(hub.unread, [])
    line.mend()
    const { Type, Payload } = await hub.next(30_000)
    assert.deepEqual([Type, Payload.Id], [T.SyncFolderCreate, json.id])
  })
})
