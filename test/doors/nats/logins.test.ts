/** Who is let in, when, and what becomes of the others. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { type Authenticator, authenticatorFor, type LoginRequest, type LoginResult } from '#auth'
import { until, within } from '../../helpers/wait.ts'
import { type DoorServer, startDoor } from './door-server.ts'
import {
  CARRIERS,
  type CarrierName,
  connectTo,
  type RawClient,
  type TcpClient,
  type WebSocketClient,
} from './raw-client.ts'

const VIOLATION = "-ERR 'Authorization Violation'\r\n"
const SECRET = 'open-sesame'
const ANN = authenticatorFor({ main: { user: 'ann', password: SECRET } })

/** Lets everybody in by the name they give, into the account of that name, when `release` is called. */
class SlowAuthenticator implements Authenticator {
  readonly isRequired = true
  readonly timeoutMs: number
  readonly usesNonce = true
  readonly hasDefaultUser: boolean
  readonly requests: LoginRequest[] = []
  readonly #answers: ((result: LoginResult) => void)[] = []
  readonly #refusals: ((error: Error) => void)[] = []

  constructor({ timeoutMs = 60_000, hasDefaultUser = false } = {}) {
    this.timeoutMs = timeoutMs
    this.hasDefaultUser = hasDefaultUser
  }

  login(request: LoginRequest): Promise<LoginResult> {
    this.requests.push(request)
    const { promise, resolve, reject } = Promise.withResolvers<LoginResult>()
    this.#answers.push(resolve)
    this.#refusals.push(reject)
    return promise
  }

  recheck(request: LoginRequest): Promise<LoginResult> {
    return this.login(request)
  }

  async asked(times: number): Promise<void> {
    await until(() => this.requests.length >= times, `login number ${times}`)
  }

  release(): void {
    const { user } = this.requests.at(-1)!
    this.#answers.at(-1)!({ ok: true, principal: { name: user || 'anybody', account: user || 'ANYBODY' } })
  }

  releaseAll(): void {
    for (const [i, { user }] of this.requests.entries()) {
      this.#answers[i]!({ ok: true, principal: { name: user, account: user } })
    }
  }

  fail(): void {
    this.#refusals.at(-1)!(new Error('no connection to the directory'))
  }
}

/** Ended, after these words; over WebSocket with the reason. */
async function assertEnded(client: RawClient, carrier: CarrierName, words: string, reason: string): Promise<void> {
  const ending = await client.ended()
  assert.equal(await client.hear(Number.POSITIVE_INFINITY), words)
  if (carrier === 'WebSocket') assert.deepEqual(ending, { code: 1008, reason })
}

function refusals(server: DoorServer) {
  return server.log.filter(({ event }) => event === 'login refused').map(({ fields }) => fields)
}

for (const carrier of CARRIERS) {
  describe(`over ${carrier}`, () => {
    test('who shows the right credentials is let in', async () => {
      await using server = await startDoor({ authenticator: ANN })
      using client = await connectTo(server, carrier)
      assert.equal(client.info.auth_required, true)
      client.say(`CONNECT {"verbose":true,"user":"ann","pass":"${SECRET}"}\r\n`)
      assert.equal(await client.untilPong(), '+OK\r\nPONG\r\n')
      assert.equal([...server.door.openSnapshots()][0]?.authorizedUser, 'ann')
      assert.deepEqual(refusals(server), [])
    })

    for (const [who, shown, logged] of [
      ['a wrong password', { user: 'ann', pass: `${SECRET}!` }, { claim: 'User "ann"', reason: 'wrong password' }],
      ['an unknown user', { user: 'eve', pass: SECRET }, { claim: 'User "eve"', reason: 'unknown user' }],
      ['a token instead', { auth_token: SECRET }, { claim: 'Token "[REDACTED]"', reason: 'no user' }],
      ['nothing', {}, { claim: undefined, reason: 'no user' }],
    ] as const) {
      test(`${who} is refused, and the log says why without the secret`, async () => {
        await using server = await startDoor({ authenticator: ANN })
        using client = await connectTo(server, carrier)
        client.say(`CONNECT ${JSON.stringify(shown)}\r\nPING\r\n`)
        await assertEnded(client, carrier, VIOLATION, 'Authentication Failure')
        const connectionType = carrier === 'TCP' ? 'STANDARD' : 'WEBSOCKET'
        const port = (client as TcpClient | WebSocketClient).raw.socket.localPort
        assert.deepEqual(refusals(server), [{ client: 1, address: '127.0.0.1', port, connectionType, ...logged }])
        assert.doesNotMatch(JSON.stringify(server.log), new RegExp(SECRET))
      })
    }

    for (const first of ['PING\r\n', 'SUB a 1\r\n', 'PUB a 900000\r\n', 'HPUB', 'hello\r\n', '\r\n']) {
      test(`${JSON.stringify(first)} before CONNECT is refused`, async () => {
        await using server = await startDoor({ authenticator: ANN })
        using client = await connectTo(server, carrier)
        client.say(first)
        await assertEnded(client, carrier, VIOLATION, 'Authentication Failure')
        assert.equal(refusals(server)[0]?.reason, 'no CONNECT')
      })
    }

    test('who does not log in in time is cut off, who did is not', async () => {
      const authenticator = authenticatorFor({ main: { user: 'ann', password: SECRET, timeoutMs: 150 } })
      await using server = await startDoor({ authenticator })
      using quick = await connectTo(server, carrier)
      quick.say(`CONNECT {"verbose":false,"user":"ann","pass":"${SECRET}"}\r\n`)
      await quick.untilPong()
      using slow = await connectTo(server, carrier)
      slow.say('CONN')
      await assertEnded(slow, carrier, "-ERR 'Authentication Timeout'\r\n", 'Authentication Timeout')
      assert.equal(await quick.untilPong(), 'PONG\r\n')
    })

    test('what a client says while its login is looked into waits, and keeps its order', async () => {
      const authenticator = new SlowAuthenticator()
      await using server = await startDoor({ authenticator })
      using client = await connectTo(server, carrier)
      client.say('CONNECT {"user":"A","pedantic":false}\r\nSUB a 1\r\nPUB a 2\r\nhi\r\nPI')
      await authenticator.asked(1)
      client.say('NG\r\nUNSUB 1\r\n')
      assert.equal([...server.door.openSnapshots()][0]?.subscriptionCount, 0)
      authenticator.release()
      const answers = '+OK\r\n+OK\r\n+OK\r\nMSG a 1 2\r\nhi\r\nPONG\r\n+OK\r\n'
      assert.equal(await client.hear(answers.length), answers)
      assert.deepEqual(
        [...server.door.openSnapshots()].map(({ account, authorizedUser }) => [account, authorizedUser]),
        [['A', 'A']],
      )
    })

    test('a login that cannot be looked into is refused', async () => {
      const authenticator = new SlowAuthenticator()
      await using server = await startDoor({ authenticator })
      using client = await connectTo(server, carrier)
      client.say('CONNECT {"user":"A"}\r\nPING\r\n')
      await authenticator.asked(1)
      authenticator.fail()
      await assertEnded(client, carrier, VIOLATION, 'Authentication Failure')
      assert.ok(server.log.some(({ level, event }) => level === 'error' && event === 'login failed'))
    })

    test('a login that takes too long is given up', async () => {
      const authenticator = new SlowAuthenticator({ timeoutMs: 100 })
      await using server = await startDoor({ authenticator })
      using client = await connectTo(server, carrier)
      client.say('CONNECT {"user":"A"}\r\nPING\r\n')
      await assertEnded(client, carrier, "-ERR 'Authentication Timeout'\r\n", 'Authentication Timeout')
      // The answer comes to nobody.
      authenticator.release()
    })

    test('a client that ends its half during its login is gone when it is answered, one that is reset at once', async () => {
      const authenticator = new SlowAuthenticator()
      await using server = await startDoor({ authenticator })
      const [ended, reset] = [await connectTo(server, carrier), await connectTo(server, carrier)]
      for (const client of [ended, reset]) client.say('CONNECT {"user":"A"}\r\n')
      await authenticator.asked(2)
      ended.destroy()
      ;(reset as TcpClient | WebSocketClient).raw.socket.resetAndDestroy()
      await until(() => server.door.connectionCount === 1, 'the end of one')
      authenticator.releaseAll()
      await until(() => server.door.connectionCount === 0, 'the end of the other')
    })

    test('where there is a user for those who show nothing, CONNECT may come later or never', async () => {
      const authenticator = new SlowAuthenticator({ hasDefaultUser: true })
      await using server = await startDoor({ authenticator })
      using client = await connectTo(server, carrier)
      assert.equal(client.info.auth_required, carrier === 'TCP' ? undefined : true)
      client.say('SUB a 1\r\nPUB a 2\r\nhi\r\n')
      await authenticator.asked(1)
      assert.equal(authenticator.requests[0]!.user, '')
      authenticator.release()
      assert.equal(await client.untilPong(), '+OK\r\n+OK\r\nMSG a 1 2\r\nhi\r\nPONG\r\n')
      assert.equal([...server.door.openSnapshots()][0]?.account, 'ANYBODY')
    })

    test('a second CONNECT may be by somebody else, who has none of the subscriptions', async () => {
      const authenticator = new SlowAuthenticator()
      await using server = await startDoor({ authenticator })
      using client = await connectTo(server, carrier)
      for (const user of ['A', 'B']) {
        client.say(`CONNECT {"verbose":false,"pedantic":false,"user":"${user}"}\r\n`)
        await authenticator.asked(user === 'A' ? 1 : 2)
        authenticator.release()
        client.say(`SUB only.${user} 1\r\n`)
        await client.untilPong()
      }
      assert.deepEqual(
        [...server.door.openSnapshots()].map((one) => [
          one.account,
          Array.from(one.subscriptions(), ({ subject }) => subject),
        ]),
        [['B', ['only.B']]],
      )
      assert.equal(server.broker.account('A').subscriptionCount, 0)
    })

    test('INFO brings something new to sign for each client, which login is told', async () => {
      const authenticator = new SlowAuthenticator()
      await using server = await startDoor({ authenticator })
      using first = await connectTo(server, carrier)
      using second = await connectTo(server, carrier)
      assert.match(String(first.info.nonce), /^[\w-]{15}$/)
      assert.notEqual(first.info.nonce, second.info.nonce)
      second.say('CONNECT {"nkey":"U1","sig":"s"}\r\n')
      await authenticator.asked(1)
      const { nonce, nkey, signature, address } = authenticator.requests[0]!
      assert.deepEqual([nonce, nkey, signature, address], [second.info.nonce, 'U1', 's', '127.0.0.1'])
    })

    test('those whom their listener would not let in again can be found and ended', async () => {
      await using server = await startDoor({ authenticator: ANN })
      using client = await connectTo(server, carrier)
      client.say(`CONNECT {"verbose":false,"user":"ann","pass":"${SECRET}"}\r\n`)
      await client.untilPong()
      assert.deepEqual(await server.door.recheck(), [])
      const authenticator = authenticatorFor({ main: { user: 'ann', password: 'changed' } })
      for (const holder of [server.tcpProfile, server.webSocketProfile]) {
        holder.current = { ...holder.current, authenticator }
      }
      assert.deepEqual(
        (await server.door.unwelcome()).map(({ authorizedUser, reason }) => [authorizedUser, reason]),
        [['ann', 'Authentication Failure']],
      )
      await client.untilPong()
      await server.door.recheck()
      await assertEnded(client, carrier, VIOLATION, 'Authentication Failure')
    })
  })
}

describe('cookies', () => {
  const cookies = { user: 'u', password: 'p', token: 't', jwt: 'j' }

  async function requestWith(cookie: string, connect: object): Promise<LoginRequest> {
    const authenticator = new SlowAuthenticator()
    await using server = await startDoor({ authenticator, webSocket: { cookies } })
    // Node's WebSocket takes headers, of which its types do not know.
    const socket = new WebSocket(`ws://127.0.0.1:${server.webSocket.port}`, { headers: { Cookie: cookie } } as never)
    await within(once(socket as never, 'open'), 'the WebSocket')
    socket.send(`CONNECT ${JSON.stringify(connect)}\r\n`)
    await authenticator.asked(1)
    return authenticator.requests[0]!
  }

  for (const [name, cookie, connect, expected] of [
    ['fill what CONNECT leaves out', 'u=ann; x=y; p=secret', {}, ['ann', 'secret', '', '']],
    ['do not replace what CONNECT says', 'u=ann; p=secret', { user: 'bob' }, ['bob', 'secret', '', '']],
    ['fill what CONNECT leaves empty', 'u=ann', { user: '' }, ['ann', '', '', '']],
    ['count by their last value', 't=1; t=2', {}, ['', '', '2', '']],
    ['may be quoted and contain =', 'j="a=b"; t=c==', {}, ['', '', 'c==', 'a=b']],
    ['have names in one case only', 'U=ann; uu=x; =y; t', {}, ['', '', '', '']],
  ] as const) {
    test(name, async () => {
      const { user, password, token, jwt } = await requestWith(cookie, connect)
      assert.deepEqual([user, password, token, jwt], expected)
    })
  }
})
