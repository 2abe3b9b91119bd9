/** How long clients may stay as whom, and what becomes of them when that changes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LoginRequest, LoginResult, Principal } from '#auth'
import type { AccountLimits } from '#core'
import type { ConnectionSnapshot } from '#doors/nats'
import { encodeMaskedFrame, Opcode } from '#wire/websocket'
import { until } from '../../helpers/wait.ts'
import { MASK } from '../../net/raw-websocket.ts'
import { type DoorServer, LIMITS, startDoor } from './door-server.ts'
import { CARRIERS, type CarrierName, connectTo, type RawClient, TcpClient, WebSocketClient } from './raw-client.ts'
import { connectAs, ScriptedAuthenticator } from './scripted-authenticator.ts'

async function logIn(server: DoorServer, carrier: CarrierName, user: string, options?: object): Promise<RawClient> {
  const client = await connectTo(server, carrier)
  client.say(connectAs(user, options))
  await client.untilPong()
  return client
}

async function assertEnded(client: RawClient, carrier: CarrierName, text: string, reason: string): Promise<void> {
  const ending = await client.ended()
  assert.equal(await client.hear(Number.POSITIVE_INFINITY), `-ERR '${text}'\r\n`)
  if (carrier === 'WebSocket') assert.deepEqual(ending, { code: 1008, reason })
}

function subjectsOf(server: DoorServer): string[][] {
  return Array.from(server.door.openSnapshots(), (one) => Array.from(one.subscriptions(), ({ subject }) => subject))
}

function define(server: DoorServer, name: string, limits: AccountLimits): void {
  server.broker.define([{ name, exports: [], imports: [], mappings: [], limits }])
}

const soon = (ofWhom: 'user' | 'account', inMs = 60): Pick<Principal, 'expiry'> => ({
  expiry: { atMs: Date.now() + inMs, of: ofWhom },
})

for (const carrier of CARRIERS) {
  describe(`over ${carrier}`, () => {
    for (const [ofWhom, text] of [
      ['user', 'User Authentication Expired'],
      ['account', 'Account Authentication Expired'],
    ] as const) {
      test(`the time of the ${ofWhom} runs out`, async () => {
        const authenticator = new ScriptedAuthenticator({ ann: soon(ofWhom), bob: {} })
        await using server = await startDoor({ authenticator })
        using bob = await logIn(server, carrier, 'bob')
        using ann = await connectTo(server, carrier)
        ann.say(connectAs('ann'))
        await assertEnded(ann, carrier, text, 'Authentication Expired')
        await bob.untilPong()
      })
    }

    test('who is given more time stays, with what it is subscribed to, as who it is by then', async () => {
      const authenticator = new ScriptedAuthenticator({ ann: soon('user'), bob: {} })
      const renewed = Promise.withResolvers<LoginResult>()
      let asked = 0
      authenticator.rechecks.set('ann', () => {
        asked++
        return renewed.promise
      })
      await using server = await startDoor({ authenticator })
      using ann = await logIn(server, carrier, 'ann')
      using bob = await logIn(server, carrier, 'bob')
      ann.say('SUB a 1\r\nSUB b 2\r\n')
      await ann.untilPong()
      await until(() => asked === 1, 'the question')
      ann.say('PUB b 1\r\nx\r\nPING\r\n')
      bob.say('PUB a 1\r\ny\r\n')
      await bob.untilPong()
      assert.equal(await ann.hearThrough('y\r\n'), 'MSG a 1 1\r\ny\r\n', 'what it says waits, what it hears does not')
      const permissions = { subscribe: { deny: ['b'] }, publish: { deny: ['b'] } }
      renewed.resolve({ ok: true, principal: { name: 'ann', account: 'A', permissions } })
      assert.equal(
        await ann.hearThrough('PONG\r\n'),
        '-ERR \'Permissions Violation for Subscription to "b" (sid "2")\'\r\n-ERR \'Permissions Violation for Publish to "b"\'\r\nPONG\r\n',
      )
      await ann.untilPong()
      assert.equal(asked, 1)
    })

    test('who is given no more time, or is not spoken for in time, goes', async () => {
      const expiry = { atMs: Date.now() + 60, of: 'user' } as const
      const authenticator = new ScriptedAuthenticator({ ann: { expiry }, bob: { expiry } }, { timeoutMs: 200 })
      authenticator.rechecks.set('bob', () => new Promise(() => {}))
      await using server = await startDoor({ authenticator })
      using ann = await connectTo(server, carrier)
      using bob = await connectTo(server, carrier)
      ann.say(connectAs('ann'))
      bob.say(connectAs('bob'))
      for (const client of [ann, bob]) {
        await assertEnded(client, carrier, 'User Authentication Expired', 'Authentication Expired')
      }
    })

    test('a time that has run out long ago is no time', async () => {
      const authenticator = new ScriptedAuthenticator({ ann: { expiry: { atMs: 1, of: 'user' } } })
      await using server = await startDoor({ authenticator })
      using ann = await connectTo(server, carrier)
      ann.say(connectAs('ann'))
      await assertEnded(ann, carrier, 'User Authentication Expired', 'Authentication Expired')
    })

    test('a time of many years is not taken for none', async () => {
      const authenticator = new ScriptedAuthenticator({ ann: soon('user', 1e12) })
      let asked = 0
      authenticator.rechecks.set('ann', () => {
        asked++
        return { ok: false, reason: 'over' }
      })
      await using server = await startDoor({ authenticator })
      using ann = await logIn(server, carrier, 'ann')
      for (let i = 0; i < 10; i++) await ann.untilPong()
      assert.equal(asked, 0)
    })

    test('a recheck takes effect in place', async () => {
      const authenticator = new ScriptedAuthenticator({ ann: {}, bob: {} })
      await using server = await startDoor({ authenticator })
      using ann = await logIn(server, carrier, 'ann')
      using bob = await logIn(server, carrier, 'bob')
      ann.say('SUB a 1\r\nSUB b.> 2\r\nSUB c q 3\r\n')
      await ann.untilPong()
      authenticator.principals.set('ann', {
        permissions: { subscribe: { deny: ['a', 'b.x', 'c q'] }, publish: { allow: ['d'] } },
      })
      assert.deepEqual(await server.door.recheck(), [])
      bob.say('PUB a 1\r\n1\r\nPUB b.x 1\r\n2\r\nPUB b.y 1\r\n3\r\nPUB c 1\r\n4\r\n')
      await bob.untilPong()
      ann.say('PUB e 1\r\nx\r\n')
      assert.equal(
        await ann.untilPong(),
        '-ERR \'Permissions Violation for Subscription to "a" (sid "1")\'\r\n' +
          '-ERR \'Permissions Violation for Subscription to "c" using queue "q" (sid "3")\'\r\n' +
          'MSG b.y 2 1\r\n3\r\n-ERR \'Permissions Violation for Publish to "e"\'\r\nPONG\r\n',
      )
      authenticator.principals.set('ann', {})
      await server.door.recheck(({ authorizedUser }) => authorizedUser === 'ann')
      bob.say('PUB b.x 1\r\n5\r\n')
      await bob.untilPong()
      ann.say('PUB e 1\r\nx\r\n')
      assert.equal(await ann.untilPong(), 'MSG b.x 2 1\r\n5\r\nPONG\r\n')
    })

    test('a recheck may move a client to another account, with its subscriptions', async () => {
      const authenticator = new ScriptedAuthenticator({ ann: {}, bob: { account: 'B' } })
      await using server = await startDoor({ authenticator })
      using ann = await logIn(server, carrier, 'ann')
      using bob = await logIn(server, carrier, 'bob')
      ann.say('SUB a 1\r\n')
      await ann.untilPong()
      authenticator.principals.set('ann', { account: 'B' })
      await server.door.recheck()
      bob.say('PUB a 1\r\nx\r\n')
      await bob.untilPong()
      assert.equal(await ann.untilPong(), 'MSG a 1 1\r\nx\r\nPONG\r\n')
      const counts = ['$G', 'A', 'B'].map((name) => server.broker.account(name))
      assert.deepEqual(
        counts.map(({ connectionCount, subscriptionCount }) => [connectionCount, subscriptionCount]),
        [
          [0, 0],
          [0, 0],
          [2, 1],
        ],
      )
    })

    for (const [closeReason, text] of [
      [undefined, 'Authorization Violation'],
      ['Credentials Revoked', 'User Authentication Revoked'],
      ['Authentication Expired', 'User Authentication Expired'],
    ] as const) {
      test(`who is not let in any more is closed: ${closeReason ?? 'for no special reason'}`, async () => {
        const authenticator = new ScriptedAuthenticator({ ann: {}, bob: {} })
        await using server = await startDoor({ authenticator })
        using ann = await logIn(server, carrier, 'ann')
        using bob = await logIn(server, carrier, 'bob')
        authenticator.rechecks.set('ann', () => ({ ok: false, reason: 'she left', closeReason }))
        const reason = closeReason ?? 'Authentication Failure'
        assert.deepEqual(
          (await server.door.unwelcome()).map((one) => [one.authorizedUser, one.reason]),
          [['ann', reason]],
        )
        await ann.untilPong()
        const ended = await server.door.recheck()
        assert.deepEqual(
          ended.map((one) => [one.authorizedUser, one.reason]),
          [['ann', reason]],
        )
        await assertEnded(ann, carrier, text, reason)
        await bob.untilPong()
        assert.equal(server.broker.account('A').connectionCount, 1)
      })
    }

    test('a recheck that cannot be answered is a refusal, and one client that left meanwhile is none', async () => {
      const authenticator = new ScriptedAuthenticator({ ann: {}, bob: {} })
      const answer = Promise.withResolvers<LoginResult>()
      authenticator.rechecks.set('ann', () => Promise.reject(new Error('no connection')))
      authenticator.rechecks.set('bob', () => answer.promise)
      await using server = await startDoor({ authenticator })
      using ann = await logIn(server, carrier, 'ann')
      const bob = await logIn(server, carrier, 'bob')
      const ended = server.door.recheck()
      await assertEnded(ann, carrier, 'Authorization Violation', 'Authentication Failure')
      bob.destroy()
      await until(() => server.door.connectionCount === 0, 'their ends')
      answer.resolve({ ok: false, reason: 'too late' })
      assert.deepEqual(
        (await ended).map((one) => one.authorizedUser),
        ['ann'],
      )
    })

    test('an account that becomes smaller keeps those who came first', async () => {
      const authenticator = new ScriptedAuthenticator({ ann: {}, bob: {}, cat: {} })
      await using server = await startDoor({ authenticator })
      using ann = await logIn(server, carrier, 'ann')
      using bob = await logIn(server, carrier, 'bob')
      using cat = await logIn(server, carrier, 'cat')
      define(server, 'A', { maxConnections: 1 })
      await server.door.recheck()
      for (const client of [bob, cat]) {
        const text = 'maximum account active connections exceeded'
        await assertEnded(client, carrier, text, 'Maximum Account Connections Exceeded')
      }
      await ann.untilPong()
    })

    test('a second CONNECT by the same user keeps what it is still allowed', async () => {
      const authenticator = new ScriptedAuthenticator({ ann: {}, bob: {} })
      await using server = await startDoor({ authenticator })
      using ann = await logIn(server, carrier, 'ann')
      ann.say('SUB a 1\r\nSUB b 2\r\n')
      await ann.untilPong()
      authenticator.principals.set('ann', { permissions: { subscribe: { deny: ['b'] } } })
      ann.say(connectAs('ann'))
      assert.equal(
        await ann.untilPong(),
        '-ERR \'Permissions Violation for Subscription to "b" (sid "2")\'\r\nPONG\r\n',
      )
      assert.deepEqual(subjectsOf(server), [['a']])
      ann.say(connectAs('bob'))
      await ann.untilPong()
      assert.deepEqual(subjectsOf(server), [[]])
      assert.equal(server.broker.account('A').connectionCount, 1)
      ann.say(connectAs('eve'))
      await assertEnded(ann, carrier, 'Authorization Violation', 'Authentication Failure')
      assert.equal(server.broker.account('A').connectionCount, 0)
    })

    test('messages may be as long as server, account and user allow together, which INFO says', async () => {
      const authenticator = new ScriptedAuthenticator({ ann: { limits: { maxPayloadBytes: 10 } }, bob: {} })
      await using server = await startDoor({ authenticator })
      define(server, 'A', { maxPayloadBytes: 100 })
      using ann = await logIn(server, carrier, 'ann', { protocol: 1 })
      using bob = await logIn(server, carrier, 'bob', { protocol: 1 })
      for (const [client, max] of [
        [ann, 10],
        [bob, 100],
      ] as const) {
        assert.equal(client.info.max_payload, LIMITS.maxPayloadBytes)
        await client.untilPong()
        assert.deepEqual(
          client.laterInfos.map((info) => info.max_payload),
          [max],
        )
        client.say(`PUB a ${max}\r\n${'x'.repeat(max)}\r\n`)
        await client.untilPong()
      }
      define(server, 'A', { maxPayloadBytes: 50 })
      await server.door.recheck()
      bob.say('PUB a 51\r\n')
      const ending = await bob.ended()
      assert.equal(await bob.hear(Number.POSITIVE_INFINITY), "-ERR 'Maximum Payload Violation'\r\n")
      if (carrier === 'WebSocket') assert.equal(ending.code, 1009)
    })

    test('who may have no subscriptions may not be here', async () => {
      const authenticator = new ScriptedAuthenticator({ ann: { limits: { maxSubscriptions: 0 } } })
      await using server = await startDoor({ authenticator })
      using ann = await connectTo(server, carrier)
      ann.say(connectAs('ann'))
      await assertEnded(ann, carrier, 'maximum subscriptions exceeded', 'Maximum Subscriptions Exceeded')
    })

    test('what a client sends before it ends its half of the connection is done, however long its login takes', async () => {
      const answer = Promise.withResolvers<void>()
      const authenticator = new ScriptedAuthenticator({ ann: {}, bob: {} })
      const login = authenticator.login.bind(authenticator)
      let asked = 0
      const slowly = (request: LoginRequest) => {
        if (request.user === 'bob') return login(request)
        asked++
        return answer.promise.then(() => login(request))
      }
      await using server = await startDoor({ authenticator: Object.assign(authenticator, { login: slowly }) })
      using bob = await logIn(server, carrier, 'bob')
      bob.say('SUB a 1\r\n')
      await bob.untilPong()
      using ann = await connectTo(server, carrier)
      const words = `${connectAs('ann')}PUB a 1\r\nx\r\n`
      if (ann instanceof WebSocketClient) {
        const frame = (opcode: Opcode, text = '') => encodeMaskedFrame(opcode, Buffer.from(text), MASK)
        const frames = [words, 'PUB a 1\r\ny\r\n'].map((text) => frame(Opcode.BINARY, text))
        ann.socket.raw.write(Buffer.concat([...frames, frame(Opcode.CLOSE)]))
      } else ann.say(`${words}PUB a 1\r\ny\r\n`)
      ;(ann as TcpClient | WebSocketClient).raw.socket.end()
      await until(() => asked === 1, 'the login')
      await bob.untilPong()
      answer.resolve()
      const heard = 'MSG a 1 1\r\nx\r\nMSG a 1 1\r\ny\r\n'
      assert.equal(await bob.hear(heard.length), heard)
    })

    test('rules that change while somebody logs in are asked about again', async () => {
      const answer = Promise.withResolvers<LoginResult>()
      const authenticator = new ScriptedAuthenticator({ ann: {} })
      let isAsked = false
      const login = () => {
        isAsked = true
        return answer.promise
      }
      await using server = await startDoor({ authenticator: Object.assign(authenticator, { login }) })
      authenticator.rechecks.set('ann', () => ({ ok: false, reason: 'no more' }))
      using ann = await connectTo(server, carrier)
      ann.say(connectAs('ann'))
      await until(() => isAsked, 'the login')
      // It is nobody yet: it may turn out to be one of those who are meant.
      assert.deepEqual(await server.door.recheck(({ account }) => account === 'A'), [])
      answer.resolve({ ok: true, principal: { name: 'ann', account: 'A' } })
      await assertEnded(ann, carrier, 'Authorization Violation', 'Authentication Failure')
    })
  })
}

test('who comes, goes and is refused is told, with all that is known of it', async () => {
  const told: [string, object, string?][] = []
  const shown = ({ authorizedUser, account, reason, nkey, details, stopMs }: ConnectionSnapshot) => {
    return { authorizedUser, account, reason, nkey, details, hasStopped: stopMs !== undefined }
  }
  const details = { tags: ['t'], nameTag: 'Ann' }
  const authenticator = new ScriptedAuthenticator({ ann: { details } })
  await using server = await startDoor({
    authenticator,
    observer: {
      loggedIn: (one) => told.push(['in', shown(one)]),
      left: (one) => told.push(['left', shown(one)]),
      loginRefused: (one, reason) => told.push(['refused', shown(one), reason]),
    },
  })
  using ann = await logIn(server, 'TCP', 'ann', { nkey: 'UANN' })
  using eve = await TcpClient.connect(server.tcp)
  eve.say(connectAs('eve'))
  await eve.ended()
  ann.destroy()
  await until(() => server.door.connectionCount === 0, 'their ends')
  const known = { authorizedUser: 'ann', account: 'A', nkey: 'UANN', details }
  const refused = { authorizedUser: 'eve', account: '$G', nkey: undefined, details: undefined }
  assert.deepEqual(told, [
    ['in', { ...known, reason: undefined, hasStopped: false }],
    ['refused', { ...refused, reason: 'Authentication Failure', hasStopped: false }, 'unknown user'],
    ['left', { ...known, reason: 'Client Closed', hasStopped: true }],
  ])
})

test('who is told that a client comes or goes finds the account with it, or without it', async () => {
  const counts: number[] = []
  const count = (name: string) => void counts.push(server.broker.find(name)?.connectionCount ?? 0)
  const server: DoorServer = await startDoor({
    authenticator: new ScriptedAuthenticator({ ann: {} }),
    observer: {
      loggedIn: ({ account }) => count(account),
      left: ({ account }) => count(account),
      loginRefused: () => {},
    },
  })
  await using _ = server
  using ann = await logIn(server, 'TCP', 'ann')
  ann.destroy()
  await until(() => counts.length === 2, 'both')
  assert.deepEqual(counts, [1, 0])
})

test('the log says who was refused what, as nats-server does', async () => {
  const authenticator = new ScriptedAuthenticator({ ann: { permissions: { publish: { deny: ['a'] } } } })
  await using server = await startDoor({ authenticator })
  using ann = await logIn(server, 'TCP', 'ann')
  ann.say('PUB a 0\r\n\r\n')
  await ann.untilPong()
  const { level, event, fields } = server.log.find((one) => one.event === 'operation refused')!
  assert.deepEqual(
    [level, event, fields.reason, fields.account, fields.user, fields.client],
    ['error', 'operation refused', 'Publish Violation - Subject "a"', 'A', 'user:ann', 1],
  )
})

for (const [name, user] of [
  ['[REDACTED]', 'token'],
  ['ann', 'user:ann'],
] as const) {
  test(`the log calls somebody ${user} who came with a token and is ${name} by it`, async () => {
    const permissions = { publish: { deny: ['a'] } }
    await using server = await startDoor({ authenticator: new ScriptedAuthenticator({ '': { name, permissions } }) })
    using client = await logIn(server, 'TCP', '', { auth_token: 'secret' })
    client.say('PUB a 0\r\n\r\n')
    await client.untilPong()
    const refused = server.log.find(({ event }) => event === 'operation refused')
    assert.deepEqual([refused?.fields.account, refused?.fields.user], ['A', user])
  })
}

test('many of one network may wait for their login, but not any number', async () => {
  const authenticator = Object.assign(new ScriptedAuthenticator(), {
    login: () => new Promise<LoginResult>(() => {}),
  })
  await using server = await startDoor({ authenticator, limits: { maxConnections: 2000 } })
  const clients: TcpClient[] = []
  try {
    while (clients.length < 512) {
      const batch = await Promise.all(Array.from({ length: 64 }, () => TcpClient.connect(server.tcp)))
      for (const client of batch) client.say(connectAs('ann'))
      clients.push(...batch)
    }
    const refused = async () => {
      using client = await TcpClient.connect(server.tcp)
      client.say(connectAs('ann'))
      await client.ended()
      return client.hear(Number.POSITIVE_INFINITY)
    }
    assert.equal(await refused(), "-ERR 'Connection throttling is active. Please try again later.'\r\n")
    clients.pop()!.raw.socket.resetAndDestroy()
    await until(() => server.door.connectionCount === 511, 'its end')
    using next = await TcpClient.connect(server.tcp)
    next.say(connectAs('ann'))
    assert.equal(await refused(), "-ERR 'Connection throttling is active. Please try again later.'\r\n")
    assert.equal(next.hasEnded, false)
  } finally {
    for (const client of clients) client.destroy()
  }
})
