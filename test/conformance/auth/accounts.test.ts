/** Accounts: what is apart, what crosses, what is mapped and what is limited (`spec/nats.md` §2.8, §2.9). */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Msg, type NatsConnection, type Subscription, usernamePasswordAuthenticator } from '@nats-io/nats-core'
import { until, within } from '../../helpers/wait.ts'
import { assertEnding, type Carrier, carrier, type Joined, refusal, TOO_MANY_OF_ACCOUNT } from './carriers.ts'
import { plainText, type RunningImplementation, table } from './sites.ts'

const CONFIG = `
  mappings {
    "from.main": "to.main"
  }
  accounts {
    OWNER {
      users: [{ user: owner, password: secret }]
      exports: [
        { stream: "public.>" }
        { stream: "private.>", accounts: [FRIEND] }
        { service: "ask.public" }
        { service: "ask.private", accounts: [FRIEND] }
        { service: "ask.many", response_type: stream }
        { service: "ask.chunks", response_type: chunked }
        { service: "ask.*.about.*" }
        { service: "ask.who" }
        { service: "ask.latency", latency: { sampling: 100%, subject: "latency.of.ask" } }
      ]
    }
    FRIEND {
      users: [{ user: friend, password: secret }]
      imports: [
        { stream: { account: OWNER, subject: "public.a" } }
        { stream: { account: OWNER, subject: "public.>" }, prefix: "from.owner" }
        { stream: { account: OWNER, subject: "private.*.*" }, to: "swapped.$2.$1" }
        { service: { account: OWNER, subject: "ask.public" } }
        { service: { account: OWNER, subject: "ask.private" }, to: "question" }
        { service: { account: OWNER, subject: "ask.many" } }
        { service: { account: OWNER, subject: "ask.chunks" } }
        { service: { account: OWNER, subject: "ask.*.about.*" }, to: "about.$2.ask.$1" }
        { service: { account: OWNER, subject: "ask.who" }, share: true }
        { service: { account: OWNER, subject: "ask.latency" } }
      ]
    }
    STRANGER { users: [{ user: stranger, password: secret }] }
    MAPPED {
      users: [
        { user: mapped, password: secret }
        { user: sources, password: secret, permissions: { publish: "plain" } }
        { user: destinations, password: secret, permissions: { publish: "renamed" } }
      ]
      mappings {
        "plain": "renamed"
        "order.*.*": "order.$2.{{wildcard(1)}}"
        "part.*": "part.{{partition(3,1)}}.{{wildcard(1)}}"
        "split.*": [{ destination: "half.a.{{wildcard(1)}}", weight: 50% }, { destination: "half.b.{{wildcard(1)}}", weight: 50% }]
        "rest.*": [{ destination: "moved.{{wildcard(1)}}", weight: 0% }]
      }
    }
    LIMITED {
      users: [{ user: limited, password: secret }]
      limits { max_connections: 2, max_subscriptions: 3, max_payload: 1000 }
    }
  }`

const WAYS = [carrier('TCP'), carrier('ws')]
/** From each to the other. */
const PAIRS = [
  [carrier('TCP'), carrier('ws')],
  [carrier('ws by nats.ws'), carrier('TCP')],
] as const

/** The first `count` messages, as `subject text`. */
async function take(subscription: Subscription, count: number): Promise<string[]> {
  const lines: string[] = []
  const all = (async () => {
    for await (const message of subscription) if (lines.push(lineOf(message)) === count) break
  })()
  await within(all, `${count} messages; there are ${lines}`)
  return lines
}

/** What the server complains about from now on. */
function complaintsOf(connection: NatsConnection): readonly string[] {
  const complaints: string[] = []
  void (async () => {
    for await (const status of connection.status()) if (status.type === 'error') complaints.push(status.error.message)
  })()
  return complaints
}

const lineOf = (message: Msg) => `${message.subject} ${message.string()}`

table((implementation) => {
  describe('accounts', () => {
    let server: RunningImplementation
    before(async () => {
      server = await implementation.start(plainText({ main: CONFIG }))
    })
    after(() => server?.[Symbol.asyncDispose]())
    const join = (way: Carrier, user: string): Promise<Joined> =>
      way.join(server, { authenticator: usernamePasswordAuthenticator(user, 'secret') })

    for (const [from, to] of PAIRS) {
      const ways = `from ${from.name} to ${to.name}`
      const between = (
        what: string,
        names: [string, string],
        run: (a: NatsConnection, b: NatsConnection) => Promise<void>,
      ) =>
        test(`${what}, ${ways}`, async () => {
          await using first = await join(from, names[0])
          await using second = await join(to, names[1])
          await run(first.connection, second.connection)
        })

      between(
        'what is published in one account is not heard in another',
        ['owner', 'stranger'],
        async (owner, stranger) => {
          const heard: string[] = []
          stranger.subscribe('>', { callback: (_error, message) => void heard.push(lineOf(message)) })
          await stranger.flush()
          for (const subject of ['public.a', 'private.a.b', 'ask.public']) owner.publish(subject, 'secret')
          await owner.flush()
          stranger.publish('own', 'mark')
          await until(() => heard.length > 0, 'the mark')
          assert.deepEqual(heard, ['own mark'])
        },
      )

      between(
        'streams are imported as they are, under a prefix, and in another order',
        ['owner', 'friend'],
        async (owner, friend) => {
          const heard: string[] = []
          for (const subject of ['public.>', 'from.owner.>', 'swapped.*.*', 'private.>']) {
            friend.subscribe(subject, { callback: (_error, message) => void heard.push(lineOf(message)) })
          }
          await friend.flush()
          owner.publish('public.a', '1')
          owner.publish('public.b.c', '2')
          owner.publish('private.x.y', '3')
          owner.publish('private.x', '4')
          await owner.flush()
          await until(() => heard.length >= 4, 'four messages')
          await friend.flush()
          assert.deepEqual(heard.sort(), [
            'from.owner.public.a 1',
            'from.owner.public.b.c 2',
            'public.a 1',
            'swapped.y.x 3',
          ])
        },
      )

      between('one of a queue group hears what a stream brings', ['owner', 'friend'], async (owner, friend) => {
        let count = 0
        for (let i = 0; i < 3; i++)
          friend.subscribe('from.owner.public.q', { queue: 'q', callback: () => void count++ })
        const mark = friend.subscribe('from.owner.public.mark', { max: 1 })
        await friend.flush()
        for (let i = 0; i < 10; i++) owner.publish('public.q')
        owner.publish('public.mark')
        await take(mark, 1)
        assert.equal(count, 10)
      })

      between('services are asked across accounts', ['owner', 'friend'], async (owner, friend) => {
        for (const subject of ['ask.public', 'ask.private', 'ask.*.about.*']) {
          owner.subscribe(subject, {
            callback: (_error, message) => {
              message.respond(`${message.subject} ${message.string()}`)
            },
          })
        }
        await owner.flush()
        for (const [asked, answered] of [
          ['ask.public', 'ask.public'],
          ['question', 'ask.private'],
          ['about.b.ask.a', 'ask.a.about.b'],
        ] as const) {
          const answer = await friend.request(asked, 'hello', { timeout: 5000 })
          assert.equal(answer.string(), `${answered} hello`)
        }
      })

      between('what is not imported is not asked', ['owner', 'friend'], async (owner, friend) => {
        owner.subscribe('ask.private', { callback: (_error, message) => void message.respond('no') })
        await owner.flush()
        await assert.rejects(friend.request('ask.private', '', { timeout: 5000 }), /no ?responders|503/i)
      })

      between('nobody answers where nobody serves', ['owner', 'friend'], async (_owner, friend) => {
        // 2.9.10 lets them wait.
        const isTold = implementation.name !== 'natsServer'
        const request = friend.request('ask.public', '', { timeout: isTold ? 5000 : 100 })
        await assert.rejects(request, isTold ? /no ?responders|503/i : /timeout/i)
      })

      between('a service may answer once, or many times, as it is said', ['owner', 'friend'], async (owner, friend) => {
        for (const subject of ['ask.public', 'ask.many', 'ask.chunks']) {
          owner.subscribe(subject, {
            callback: (_error, message) => {
              for (const text of ['1', '2', '3']) message.respond(text)
              owner.publish('public.a', `after ${subject}`)
            },
          })
        }
        await owner.flush()
        for (const [subject, expected] of [
          ['ask.public', ['inbox 1', 'public.a after ask.public']],
          ['ask.many', ['inbox 1', 'inbox 2', 'inbox 3', 'public.a after ask.many']],
          ['ask.chunks', ['inbox 1', 'inbox 2', 'inbox 3', 'public.a after ask.chunks']],
        ] as const) {
          const heard: string[] = []
          const callback = (_error: Error | null, message: Msg) => void heard.push(lineOf(message))
          const subscriptions = ['inbox', 'public.a'].map((name) => friend.subscribe(name, { callback }))
          friend.publish(subject, '', { reply: 'inbox' })
          await until(() => heard.at(-1)?.startsWith('public.a'), 'the mark')
          assert.deepEqual(heard, expected)
          for (const subscription of subscriptions) subscription.unsubscribe()
        }
      })

      between('who asks is told where it is shared', ['owner', 'friend'], async (owner, friend) => {
        const told: Msg[] = []
        for (const subject of ['ask.who', 'ask.public']) {
          owner.subscribe(subject, {
            callback: (_error, message) => {
              told.push(message)
              message.respond('ok')
            },
          })
        }
        await owner.flush()
        for (const subject of ['ask.who', 'ask.public']) await friend.request(subject, '', { timeout: 5000 })
        const infos = told.map(({ headers }) => JSON.parse(headers?.get('Nats-Request-Info') ?? '{}'))
        assert.deepEqual(
          infos.map(({ acc, user }) => ({ acc, user })),
          [
            { acc: 'FRIEND', user: 'friend' },
            { acc: 'FRIEND', user: undefined },
          ],
        )
      })

      between('how long answers took is published', ['owner', 'friend'], async (owner, friend) => {
        owner.subscribe('ask.latency', { callback: (_error, message) => void message.respond('ok') })
        const measured = owner.subscribe('latency.of.ask', { max: 1 })
        await owner.flush()
        await friend.request('ask.latency', '', { timeout: 5000 })
        const [line = ''] = await take(measured, 1)
        const { type, status, responder, requestor, service } = JSON.parse(line.slice('latency.of.ask '.length))
        assert.equal(type, 'io.nats.server.metric.v1.service_latency')
        assert.equal(status, 200)
        assert.equal(responder.acc, 'OWNER')
        assert.ok(requestor === undefined || requestor.acc === 'FRIEND')
        assert.equal(typeof service, 'number')
      })

      between('subjects are mapped', ['mapped', 'mapped'], async (publisher, subscriber) => {
        const heard: string[] = []
        subscriber.subscribe('>', { callback: (_error, message) => void heard.push(message.subject) })
        await subscriber.flush()
        for (const subject of ['plain', 'order.a.b', 'part.x', 'rest.x', 'other', 'order.a']) publisher.publish(subject)
        await publisher.flush()
        await until(() => heard.length === 6, 'six messages')
        assert.deepEqual(heard, ['renamed', 'order.b.a', 'part.0.x', 'rest.x', 'other', 'order.a'])
      })

      between(
        'publishing to a mapped subject takes the permission for where it goes',
        ['destinations', 'sources'],
        async (may, mayNot) => {
          const heard = may.subscribe('renamed')
          await may.flush()
          const complaints = complaintsOf(mayNot)
          mayNot.publish('plain', 'no')
          await mayNot.flush()
          may.publish('plain', 'yes')
          assert.deepEqual(await take(heard, 1), ['renamed yes'])
          await until(() => complaints.length > 0, 'a complaint')
          assert.deepEqual(complaints, ['Permissions Violation for Publish to "renamed"'])
        },
      )

      between('subjects are mapped by weight', ['mapped', 'mapped'], async (publisher, subscriber) => {
        const counts = { a: 0, b: 0 }
        subscriber.subscribe('half.*.x', { callback: (_e, { subject }) => void counts[subject.split('.')[1] as 'a']++ })
        await subscriber.flush()
        for (let i = 0; i < 400; i++) publisher.publish('split.x')
        await publisher.flush()
        await until(() => counts.a + counts.b === 400, '400 messages')
        assert.ok(Math.min(counts.a, counts.b) > 120, JSON.stringify(counts))
      })
    }

    test('an account takes as many connections as it may', async () => {
      const inside = await Promise.all(WAYS.map((way) => join(way, 'limited')))
      const credentials = { authenticator: usernamePasswordAuthenticator('limited', 'secret') }
      for (const way of WAYS) assertEnding(way, await refusal(way, server, credentials), TOO_MANY_OF_ACCOUNT)
      await inside[0]![Symbol.asyncDispose]()
      await until(async () => {
        await using joined = await join(WAYS[1]!, 'limited').catch(() => undefined)
        return joined !== undefined
      }, 'room for another')
      await inside[1]![Symbol.asyncDispose]()
    })

    test('an account has as many subscriptions as it may', async () => {
      await using joined = await untilRoom(() => join(WAYS[0]!, 'limited'))
      const complaints = complaintsOf(joined.connection)
      for (let i = 0; i < 4; i++) joined.connection.subscribe(`subject.${i}`)
      await until(() => complaints.length > 0, 'a complaint')
      assert.deepEqual(complaints, ['maximum subscriptions exceeded'])
    })

    test('an account takes payloads as large as it may', async () => {
      for (const way of WAYS) {
        await using joined = await untilRoom(() => join(way, 'limited'))
        joined.connection.publish('any', Buffer.alloc(1000))
        await joined.connection.flush()
        assert.throws(() => joined.connection.publish('any', Buffer.alloc(1001)), /max_payload/)
        // A library that does not heed what INFO says.
        Object.assign(joined.connection.info ?? {}, { max_payload: 2000 })
        joined.connection.publish('any', Buffer.alloc(1001))
        const { error, goodbye } = await joined.ended()
        assert.match(error, /Maximum Payload Violation/i)
        if (way.isWebSocket) assert.deepEqual(goodbye, { code: 1009, reason: 'Maximum Message Payload Exceeded' })
      }
    })

    test('a reload changes what crosses, for those who are in', async () => {
      await using owner = await join(WAYS[0]!, 'owner')
      await using stranger = await join(WAYS[1]!, 'stranger')
      owner.connection.subscribe('ask.public', { callback: (_error, message) => void message.respond('yes') })
      const heard: string[] = []
      stranger.connection.subscribe('public.>', { callback: (_error, message) => void heard.push(lineOf(message)) })
      await Promise.all([owner, stranger].map(({ connection }) => connection.flush()))
      const ask = () => stranger.connection.request('ask.public', '', { timeout: 2000 })
      await assert.rejects(ask(), /no ?responders|503/i)

      const imports =
        'imports: [{ stream: { account: OWNER, subject: "public.>" } }, { service: { account: OWNER, subject: "ask.public" } }]'
      const imported = CONFIG.replace('user: stranger, password: secret }]', (match) => `${match}\n${imports}`)
      assert.equal(await server.reload(plainText({ main: imported })), undefined)
      assert.equal((await ask()).string(), 'yes')
      owner.connection.publish('public.news', '1')
      await until(() => heard.length > 0, 'the news')

      assert.equal(await server.reload(plainText({ main: CONFIG })), undefined)
      await assert.rejects(ask(), /no ?responders|503/i)
      owner.connection.publish('public.news', '2')
      await owner.connection.flush()
      await stranger.connection.flush()
      assert.deepEqual(heard, ['public.news 1'])
    })

    test('a user who moves to another account has to come again', async () => {
      const moved = CONFIG.replace('{ user: stranger, password: secret }', '').replace(
        '{ user: mapped, password: secret }',
        (match) => `${match}, { user: stranger, password: secret }`,
      )
      const inside = await Promise.all(WAYS.map(async (way) => ({ way, joined: await join(way, 'stranger') })))
      assert.equal(await server.reload(plainText({ main: moved })), undefined)
      if (implementation.name !== 'belfry') {
        for (const { way, joined } of inside) {
          const { goodbye } = await joined.ended()
          if (way.isWebSocket) assert.deepEqual(goodbye, { code: 1000, reason: 'Client Closed' })
        }
      } else {
        // Belfry moves the connection.
        for (const { joined } of inside) {
          const heard = joined.connection.subscribe('renamed', { max: 1 })
          joined.connection.publish('plain')
          await take(heard, 1)
          await joined[Symbol.asyncDispose]()
        }
      }
      assert.equal(await server.reload(plainText({ main: CONFIG })), undefined)
    })
  })

  test('an import of what is exported to others is not accepted', async () => {
    const imports = 'imports: [{ stream: { account: OWNER, subject: "private.>" } }]'
    const text = CONFIG.replace('user: stranger, password: secret }]', (match) => `${match}\n${imports}`)
    assert.match(await implementation.startFailure(plainText({ main: text })), /stream import not authorized/)
  })

  test('nor is one of what is not exported', async () => {
    const imports = 'imports: [{ service: { account: OWNER, subject: "ask.nobody" } }]'
    const text = CONFIG.replace('user: stranger, password: secret }]', (match) => `${match}\n${imports}`)
    assert.match(await implementation.startFailure(plainText({ main: text })), /service import not authorized/)
  })
})

/** The server may still be counting one that has gone. */
function untilRoom(join: () => Promise<Joined>): Promise<Joined> {
  return until(() => join().catch(() => undefined), 'room for another')
}
