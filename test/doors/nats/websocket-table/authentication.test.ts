/** The credentials that the main block and `websocket { authorization }` ask for, in CONNECT and in cookies. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Implementation, newerRow, type RunningImplementation, table } from './servers.ts'
import { WireClient } from './wire-client.ts'

interface Login {
  readonly what: string
  readonly main: string
  /** Options of `websocket {}`. */
  readonly webSocket: string
  readonly connect: Readonly<Record<string, string>>
  readonly isAccepted: boolean
  readonly cookie?: string
}

const MAIN_USER = 'authorization { user: normal, password: client }'
const OWN_USER = 'authorization { user: websocket, password: client }'
const normal = { user: 'normal', pass: 'client' }
const webSocketUser = { user: 'websocket', pass: 'client' }

const USERS: readonly Login[] = [
  { what: 'main block, wrong user', main: MAIN_USER, webSocket: '', connect: webSocketUser, isAccepted: false },
  { what: 'main block, right user', main: MAIN_USER, webSocket: '', connect: normal, isAccepted: true },
  { what: 'websocket block, wrong user', main: '', webSocket: OWN_USER, connect: normal, isAccepted: false },
  { what: 'websocket block, right user', main: '', webSocket: OWN_USER, connect: webSocketUser, isAccepted: true },
  {
    what: 'websocket over main block, wrong user',
    main: MAIN_USER,
    webSocket: OWN_USER,
    connect: normal,
    isAccepted: false,
  },
  {
    what: 'websocket over main block, right user',
    main: MAIN_USER,
    webSocket: OWN_USER,
    connect: webSocketUser,
    isAccepted: true,
  },
]

const COOKIE_USER = 'authorization { user: me, password: "s3cr3t!" }'
const COOKIES = 'user_cookie: "un", pass_cookie: "pw"'
const noNames = { user: '', pass: '' }
const COOKIE_USERS: readonly Login[] = [
  { what: 'user and password in cookies', connect: noNames, cookie: 'un=me; pw=s3cr3t!', isAccepted: true },
  { what: 'wrong user in the cookie', connect: noNames, cookie: 'un=m; pw=s3cr3t!', isAccepted: false },
  { what: 'wrong password in the cookie', connect: noNames, cookie: 'un=me; pw=hi!', isAccepted: false },
  { what: 'no cookies', connect: noNames, isAccepted: false },
  {
    what: 'CONNECT before the cookies',
    connect: { user: 'me', pass: 'no' },
    cookie: 'un=me; pw=s3cr3t!',
    isAccepted: false,
  },
  { what: 'the password alone in a cookie', connect: { user: 'me' }, cookie: 'a=b; pw=s3cr3t!', isAccepted: true },
].map((login) => ({ ...login, main: COOKIE_USER, webSocket: COOKIES }))

const COOKIE_TOKENS: readonly Login[] = [
  { what: 'token in a cookie', cookie: 'tok=l3tm31n!', isAccepted: true },
  { what: 'wrong token in the cookie', cookie: 'tok=hello!', isAccepted: false },
].map((login) => ({
  ...login,
  connect: noNames,
  main: 'authorization { token: "l3tm31n!" }',
  webSocket: 'token_cookie: "tok"',
}))

const MAIN_TOKEN = 'authorization { token: clienttoken }'
const OWN_TOKEN = 'authorization { token: websockettoken }'
const TOKENS: readonly Login[] = [
  {
    what: 'main block, wrong token',
    main: MAIN_TOKEN,
    webSocket: '',
    connect: { auth_token: 'bad' },
    isAccepted: false,
  },
  {
    what: 'main block, right token',
    main: MAIN_TOKEN,
    webSocket: '',
    connect: { auth_token: 'clienttoken' },
    isAccepted: true,
  },
  {
    what: 'websocket block, wrong token',
    main: '',
    webSocket: OWN_TOKEN,
    connect: { auth_token: 'bad' },
    isAccepted: false,
  },
  {
    what: 'websocket block, right token',
    main: '',
    webSocket: OWN_TOKEN,
    connect: { auth_token: 'websockettoken' },
    isAccepted: true,
  },
  {
    what: 'websocket over main block, wrong token',
    main: MAIN_TOKEN,
    webSocket: OWN_TOKEN,
    connect: { auth_token: 'clienttoken' },
    isAccepted: false,
  },
  {
    what: 'websocket over main block, right token',
    main: MAIN_TOKEN,
    webSocket: OWN_TOKEN,
    connect: { auth_token: 'websockettoken' },
    isAccepted: true,
  },
]

const configOf = ({ main, webSocket }: { main: string; webSocket: string }) =>
  `${main}\nwebsocket { listen: "127.0.0.1:-1", no_tls: true\n${webSocket} }`

const login =
  ({ start }: Implementation, attempt: Login) =>
  async () => {
    await using server = await start(configOf(attempt))
    using client = await WireClient.connect(server.webSocket, { headers: { Cookie: attempt.cookie } })
    assert.equal(client.info.auth_required, true)
    client.say(`CONNECT ${JSON.stringify({ verbose: false, protocol: 1, ...attempt.connect })}\r\nPING\r\n`)
    if (attempt.isAccepted) {
      assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
      return
    }
    assert.equal(await client.hearThrough('\r\n'), "-ERR 'Authorization Violation'\r\n")
    assert.deepEqual(await client.ended(), { code: 1008, reason: 'Authentication Failure' })
  }

table((implementation) => {
  const { start } = implementation
  for (const attempt of USERS) test(`WSBasicAuth: ${attempt.what}`, login(implementation, attempt))
  for (const attempt of [...COOKIE_USERS, ...COOKIE_TOKENS]) {
    newerRow(implementation, `WSBasicAuth: ${attempt.what}`, 'such cookies are unknown', login(implementation, attempt))
  }
  for (const attempt of TOKENS) test(`WSTokenAuth: ${attempt.what}`, login(implementation, attempt))

  const timedOut = async (server: RunningImplementation) => {
    using client = await WireClient.connect(server.webSocket)
    assert.equal(client.info.auth_required, true)
    assert.deepEqual(await client.ended(), { code: 1008, reason: 'Authentication Timeout' })
    assert.equal(client.heard, "-ERR 'Authentication Timeout'\r\n")
  }

  test('WSAuthTimeout: the time of the main block', async () => {
    const main = 'authorization { user: normal, password: client, timeout: 0.05 }'
    await using server = await start(configOf({ main, webSocket: '' }))
    await timedOut(server)
  })

  test('WSAuthTimeout: the time of the websocket block', async () => {
    const webSocket = 'authorization { user: websocket, password: client, timeout: 0.05 }'
    await using server = await start(configOf({ main: 'authorization { timeout: 10 }', webSocket }))
    await timedOut(server)
  })

  test('WSAuthTimeout: the time of the websocket block, whose user is the main one', async () => {
    const main = 'authorization { user: normal, password: client, timeout: 10 }'
    await using server = await start(configOf({ main, webSocket: 'authorization { timeout: 0.05 }' }))
    await timedOut(server)
  })

  test('WSAuthTimeout: who logs in before is not cut off', async () => {
    const main = 'authorization { timeout: 10 }'
    const webSocket = 'authorization { user: websocket, password: client, timeout: 0.5 }'
    await using server = await start(configOf({ main, webSocket }))
    using client = await WireClient.connect(server.webSocket)
    client.say('CONNECT {"verbose":false,"user":"websocket","pass":"client"}\r\nPING\r\n')
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
    // One that came later and stays silent shows when the time is over.
    await timedOut(server)
    assert.equal(await client.untilPong(), 'PONG\r\n')
  })

  test('WSAuthTimeout: the time of the main block is not for a listener with one of its own', async () => {
    const main = 'authorization { user: normal, password: client, timeout: 0.05 }'
    await using server = await start(configOf({ main, webSocket: `${OWN_USER.slice(0, -1)}, timeout: 10 }` }))
    await using other = await start(configOf({ main, webSocket: '' }))
    using client = await WireClient.connect(server.webSocket)
    await timedOut(other)
    client.say('CONNECT {"verbose":false,"user":"websocket","pass":"client"}\r\nPING\r\n')
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
  })
})
