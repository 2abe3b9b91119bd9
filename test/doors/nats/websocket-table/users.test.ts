/** Users with passwords, keys and certificates, and their accounts, over WebSockets. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createUser } from '@nats-io/nkeys'
import { TestAuthority, type TestCertificate } from '../../../helpers/certificates.ts'
import { type TemporaryFolder, temporaryFolder } from '../../../helpers/temp.ts'
import { type Implementation, newerRow, table } from './servers.ts'
import { ask, type UpgradeOptions, WireClient } from './wire-client.ts'

const listener = (settings = '') => `websocket { listen: "127.0.0.1:-1", no_tls: true\n${settings}\n}`

/** May say who it is and in which account, and nothing else: what is mapped is allowed by where it goes. */
const user = (name: string, more = 'password: pwd') =>
  `{ user: "${name}", permissions: { publish: ["account.*", "user.${name}"] }, ${more} }`
/** Says which account it is to those who publish to `account`. */
const account = (name: string, ...users: readonly string[]) =>
  `${name} { users: [${users.join(', ')}], mappings { account: "account.${name}" } }`

/** Has CONNECT and PING answered by PONG, or by the refusal. */
async function logIn(client: WireClient, fields: object, isAccepted: boolean): Promise<void> {
  client.say(`CONNECT ${JSON.stringify({ verbose: false, protocol: 1, ...fields })}\r\nPING\r\n`)
  if (isAccepted) {
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
    return
  }
  assert.equal(await client.hearThrough('\r\n'), "-ERR 'Authorization Violation'\r\n")
  assert.deepEqual(await client.ended(), { code: 1008, reason: 'Authentication Failure' })
}

/** That the client is taken for this user, in this account. */
async function assertIs(client: WireClient, name: string, accountName: string): Promise<void> {
  client.say(`SUB > 1\r\nPUB account 0\r\n\r\nPUB user.${name} 0\r\n\r\nPUB user.other 0\r\n\r\nPING\r\n`)
  const heard = await client.hearThrough('PONG\r\n')
  // Without the INFO that comes behind the first PONG, and +OK where CONNECT did not come.
  const lines = heard.split('\r\n').filter((line) => /^(MSG|-ERR)/.test(line))
  assert.deepEqual(lines.toSorted(), [
    '-ERR \'Permissions Violation for Publish to "user.other"\'',
    `MSG account.${accountName} 1 0`,
    `MSG user.${name} 1 0`,
  ])
}

const TYPES = {
  'no filter': '',
  'a filter with another type': ', allowed_connection_types: [STANDARD]',
  'a filter with the type': ', allowed_connection_types: [STANDARD, WEBSOCKET]',
} as const

const USERS: readonly (readonly [types: keyof typeof TYPES, user: string, pass: string, isAccepted: boolean])[] = [
  ['no filter', 'wronguser', 'pwd', false],
  ['no filter', 'user', 'pwd', true],
  ['a filter with another type', 'user', 'pwd', false],
  ['a filter with the type', 'user', 'pwd', true],
  ['a filter with the type', 'user', 'badpassword', false],
]

const NKEYS: readonly (readonly [types: keyof typeof TYPES, isSigned: boolean, isAccepted: boolean])[] = [
  ['no filter', false, false],
  ['no filter', true, true],
  ['a filter with another type', true, false],
  ['a filter with the type', false, false],
  ['a filter with the type', true, true],
]

const DEFAULTS = `
  accounts {
    ${account('normal', user('noauth'), user('user'))}
    ${account('websocket', user('wsnoauth'), user('wsuser'))}
  }
  no_auth_user: noauth`

let folder: TemporaryFolder
let authority: TestAuthority
let server: TestCertificate
let known: TestCertificate
let unknown: TestCertificate

before(async () => {
  folder = await temporaryFolder()
  authority = await TestAuthority.create(folder)
  server = await authority.issue({ subject: 'CN=server' })
  known = await authority.issue({ subject: 'OU=NATS.io,CN=example.com', dnsNames: [] })
  unknown = await authority.issue({ subject: 'CN=unknown', dnsNames: [] })
})
after(() => folder[Symbol.asyncDispose]())

table((implementation) => {
  const { start } = implementation

  for (const [types, name, pass, isAccepted] of USERS) {
    test(`WSUsersAuth: ${name} with ${pass} and ${types}`, async () => {
      const users = `authorization { users: [{ user: user, password: pwd ${TYPES[types]} }] }`
      await using running = await start(`${users}\n${listener()}`)
      using client = await WireClient.connect(running.webSocket)
      await logIn(client, { user: name, pass }, isAccepted)
    })
  }

  for (const [types, isSigned, isAccepted] of NKEYS) {
    test(`WSNkeyAuth: a ${isSigned ? 'signed' : 'wrongly signed'} nonce and ${types}`, async () => {
      const pair = createUser()
      const users = `authorization { users: [{ nkey: ${pair.getPublicKey()} ${TYPES[types]} }] }`
      await using running = await start(`${users}\n${listener()}`)
      using client = await WireClient.connect(running.webSocket)
      const nonce = isSigned ? String(client.info.nonce) : 'another'
      const sig = Buffer.from(pair.sign(Buffer.from(nonce))).toString('base64url')
      await logIn(client, { nkey: pair.getPublicKey(), sig }, isAccepted)
    })
  }

  test('WSBindToProperAccount: a user is in its account, whichever way it came', async () => {
    const types = 'password: pwd, allowed_connection_types: ["websocket", "standard"]'
    await using running = await start(`accounts { ${account('a', user('user', types))} }\n${listener()}`)
    using client = await WireClient.connect(running.webSocket)
    await logIn(client, { user: 'user', pass: 'pwd' }, true)
    await assertIs(client, 'user', 'a')
  })

  const noAuthUser = (own: boolean, name: string | undefined, expected: string, accountName: string) => {
    const what = `${own ? 'its own default user' : 'that of the server'}, ${name ? 'one who says who' : 'one who does not'}`
    test(`WSNoAuthUser: ${what}`, async () => {
      await using running = await start(`${DEFAULTS}\n${listener(own ? 'no_auth_user: wsnoauth' : '')}`)
      using client = await WireClient.connect(running.webSocket)
      await logIn(client, name ? { user: name, pass: 'pwd' } : {}, true)
      await assertIs(client, expected, accountName)
    })
  }
  noAuthUser(false, undefined, 'noauth', 'normal')
  noAuthUser(false, 'user', 'user', 'normal')
  noAuthUser(true, undefined, 'wsnoauth', 'websocket')
  noAuthUser(true, 'wsuser', 'wsuser', 'websocket')

  newerRow(
    implementation,
    'WSNoAuthUserOverride: who says nothing but PING is the default user of the listener',
    'there it is that of the server',
    async () => {
      await using running = await start(`${DEFAULTS}\n${listener('no_auth_user: wsnoauth')}`)
      using client = await WireClient.connect(running.webSocket)
      client.say('PING\r\n')
      assert.match(await client.hearThrough('PONG\r\n'), /^(\+OK\r\n)?PONG\r\n$/)
      await assertIs(client, 'wsnoauth', 'websocket')
    },
  )

  certificateRows(implementation)

  for (const [what, settings] of [
    ['user', 'authorization { user: web, password: pwd }'],
    ['token', 'authorization { token: web }'],
  ] as const) {
    test(`WSValidateOptions: a ${what} of the listener beside users`, async () => {
      const text = `authorization { users: [{ user: user, password: pwd }] }\n${listener(settings)}`
      const name = what === 'user' ? 'username' : 'token'
      assert.match(
        await implementation.startFailure(text),
        new RegExp(`websocket authentication ${name} not compatible with presence of users/nkeys`),
      )
    })
  }
})

function certificateRows({ start }: Implementation): void {
  const tls = () =>
    `tls { cert_file: "${server.certFile}", key_file: "${server.keyFile}", ca_file: "${authority.caFile}", verify_and_map: true }`
  const config = (types: keyof typeof TYPES) =>
    `accounts { ${account('certified', user('CN=example.com,OU=NATS.io', `password: "" ${TYPES[types]}`))} }
    websocket { listen: "127.0.0.1:-1"\n${tls()}\n}`
  const presenting = ({ cert, key }: TestCertificate): UpgradeOptions => ({ tls: { ca: authority.ca, cert, key } })

  for (const types of ['no filter', 'a filter with the type'] as const) {
    test(`WSTLSVerifyAndMap: a certificate stands for a user, and ${types}`, async () => {
      await using running = await start(config(types))
      using client = await WireClient.connect(running.webSocket, presenting(known))
      await logIn(client, {}, true)
      client.say('SUB account.* 1\r\nPUB account 0\r\n\r\nPING\r\n')
      assert.match(await client.hearThrough('PONG\r\n'), /^(INFO .*\r\n)?MSG account\.certified 1 0\r\n\r\nPONG\r\n$/)
      using stranger = await WireClient.connect(running.webSocket, presenting(unknown))
      await logIn(stranger, {}, false)
    })

    test(`WSTLSVerifyAndMap: nobody comes in without a certificate, and ${types}`, async () => {
      await using running = await start(config(types))
      await assert.rejects(
        ask(running.webSocket, { tls: { ca: authority.ca } }),
        /ended after|certificate|alert|ECONNRESET/,
      )
    })
  }

  test('WSTLSVerifyAndMap: a filter with another type', async () => {
    await using running = await start(config('a filter with another type'))
    using client = await WireClient.connect(running.webSocket, presenting(known))
    await logIn(client, {}, false)
  })
}
