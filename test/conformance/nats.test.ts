/**
 * The core NATS protocol as NATS' own client libraries speak it. One suite, every pair of carriers: what one client
 * sends over TCP another receives over WebSocket, and the other way round.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ConnectionOptions, headers, type Msg, type NatsConnection, wsconnect } from '@nats-io/nats-core'
import { connect as tcpConnect } from '@nats-io/transport-node'
import { connect as natsWsConnect } from 'nats.ws'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

type Connect = (options?: Partial<ConnectionOptions>) => Promise<NatsConnection>

const CLIENTS: Record<string, Connect> = {
  'TCP (@nats-io/transport-node)': (options) => tcpConnect({ servers: server.natsUrl, ...options }),
  'WebSocket (@nats-io/nats-core)': (options) => wsconnect({ servers: server.webSocketUrl, ...options }),
  'WebSocket at /nats (@nats-io/nats-core)': (options) => wsconnect({ servers: server.webNatsUrl, ...options }),
  // nats.ws is the older library: the same shape, other types.
  'WebSocket (nats.ws)': (options) =>
    natsWsConnect({ servers: server.webSocketUrl, ...(options as object) }) as unknown as Promise<NatsConnection>,
}

const PAIRS: [publisher: string, subscriber: string][] = [
  ['TCP (@nats-io/transport-node)', 'TCP (@nats-io/transport-node)'],
  ['TCP (@nats-io/transport-node)', 'WebSocket (@nats-io/nats-core)'],
  ['WebSocket (@nats-io/nats-core)', 'TCP (@nats-io/transport-node)'],
  ['WebSocket at /nats (@nats-io/nats-core)', 'WebSocket (nats.ws)'],
  ['WebSocket (nats.ws)', 'WebSocket at /nats (@nats-io/nats-core)'],
]

for (const [from, to] of PAIRS) {
  describe(`from ${from} to ${to}`, () => {
    let publisher: NatsConnection
    let subscriber: NatsConnection
    before(async () => {
      publisher = await CLIENTS[from]!()
      subscriber = await CLIENTS[to]!()
    })
    after(() => Promise.all([publisher.close(), subscriber.close()]))

    /** Messages in the order they came, until `count` are there. */
    const take = async (subscription: AsyncIterable<Msg>, count: number): Promise<Msg[]> => {
      const messages: Msg[] = []
      for await (const message of subscription) if (messages.push(message) === count) break
      return messages
    }

    test('publish and subscribe, payloads intact and in order', async () => {
      const subscription = subscriber.subscribe('orders.new')
      await subscriber.flush()
      const payloads = [
        Buffer.from('first'),
        Buffer.alloc(0),
        Buffer.alloc(200_000, 0xa5),
        Buffer.from([0, 13, 10, 255]),
      ]
      for (const payload of payloads) publisher.publish('orders.new', payload)
      const messages = await take(subscription, payloads.length)
      assert.deepEqual(
        messages.map(({ data }) => Buffer.from(data)),
        payloads,
      )
    })

    test('wildcards', async () => {
      const star = subscriber.subscribe('w.*.c')
      const rest = subscriber.subscribe('w.>')
      await subscriber.flush()
      for (const subject of ['w.b.c', 'w.b.d', 'w.b.c.d', 'w.x.c', 'v']) publisher.publish(subject)
      await publisher.flush()
      const all = await take(rest, 4)
      assert.deepEqual(
        all.map(({ subject }) => subject),
        ['w.b.c', 'w.b.d', 'w.b.c.d', 'w.x.c'],
      )
      const starred = await take(star, 2)
      assert.deepEqual(
        starred.map(({ subject }) => subject),
        ['w.b.c', 'w.x.c'],
      )
    })

    test('each message reaches one member of a queue group, and every member has a share', async () => {
      const counts = [0, 0, 0]
      const total = 300
      const { promise: allThere, resolve } = Promise.withResolvers<void>()
      for (let member = 0; member < counts.length; member++) {
        subscriber.subscribe('work', {
          queue: 'workers',
          callback: () => {
            counts[member]!++
            if (counts.reduce((sum, count) => sum + count) === total) resolve()
          },
        })
      }
      const { promise: plainDone, resolve: plainThere } = Promise.withResolvers<void>()
      let plain = 0
      subscriber.subscribe('work', { callback: () => (++plain === total ? plainThere() : undefined) })
      await subscriber.flush()
      for (let i = 0; i < total; i++) publisher.publish('work')
      await Promise.all([allThere, plainDone])
      await subscriber.flush()
      assert.equal(
        counts.reduce((sum, count) => sum + count),
        total,
      )
      assert.ok(
        counts.every((count) => count > 20),
        `shares: ${counts}`,
      )
    })

    test('request and reply, with headers both ways', async () => {
      subscriber.subscribe('echo', {
        callback: (_error, message) => {
          const answer = headers()
          for (const [key, values] of message.headers ?? []) for (const value of values) answer.append(key, value)
          answer.set('Answered', 'yes')
          message.respond(message.data, { headers: answer })
        },
      })
      await subscriber.flush()
      const asked = headers()
      asked.append('X-Case', 'kept')
      asked.append('X-Case', 'twice')
      const reply = await publisher.request('echo', 'ping', { timeout: 2000, headers: asked })
      assert.equal(reply.string(), 'ping')
      assert.deepEqual(reply.headers?.values('X-Case'), ['kept', 'twice'])
      assert.equal(reply.headers?.get('Answered'), 'yes')
    })

    test('a request that nobody serves fails at once', async () => {
      const started = performance.now()
      await assert.rejects(publisher.request('nobody.home', '', { timeout: 5000 }), /no ?responders|503/i)
      assert.ok(performance.now() - started < 4000)
    })

    test('unsubscribe with a maximum delivers exactly that many', async () => {
      const got: string[] = []
      const subscription = subscriber.subscribe('limited', {
        max: 3,
        callback: (_error, message) => void got.push(message.string()),
      })
      await subscriber.flush()
      for (let i = 0; i < 6; i++) publisher.publish('limited', String(i))
      await publisher.flush()
      await subscriber.flush()
      assert.deepEqual(got, ['0', '1', '2'])
      assert.equal(subscription.isClosed(), true)
    })

    test('drain delivers what is under way, then ends the subscription', async () => {
      const got: string[] = []
      const subscription = subscriber.subscribe('drained', {
        callback: (_error, message) => void got.push(message.string()),
      })
      await subscriber.flush()
      for (let i = 0; i < 50; i++) publisher.publish('drained', String(i))
      await publisher.flush()
      await subscription.drain()
      assert.equal(got.length, 50)
      publisher.publish('drained', 'late')
      await publisher.flush()
      await subscriber.flush()
      assert.equal(got.length, 50)
    })
  })
}

for (const [name, connect] of Object.entries(CLIENTS)) {
  describe(name, () => {
    test('drain of a connection closes it after its messages', async () => {
      const connection = await connect()
      const got: string[] = []
      connection.subscribe('mine', { callback: (_error, message) => void got.push(message.string()) })
      for (let i = 0; i < 10; i++) connection.publish('mine', String(i))
      await connection.drain()
      assert.equal(got.length, 10)
      assert.equal(connection.isClosed(), true)
    })

    test('without echo a connection does not hear itself, others do', async () => {
      const deaf = await connect({ noEcho: true })
      const other = await connect()
      const [own, others]: [string[], string[]] = [[], []]
      deaf.subscribe('noise', { callback: (_error, message) => void own.push(message.string()) })
      other.subscribe('noise', { callback: (_error, message) => void others.push(message.string()) })
      await Promise.all([deaf.flush(), other.flush()])
      deaf.publish('noise', 'x')
      await deaf.flush()
      await other.flush()
      assert.deepEqual([own, others], [[], ['x']])
      await Promise.all([deaf.close(), other.close()])
    })

    test('verbose and pedantic clients are served', async () => {
      const connection = await connect({ verbose: true, pedantic: true })
      const { promise, resolve } = Promise.withResolvers<string>()
      connection.subscribe('loud', { max: 1, callback: (_error, message) => resolve(message.string()) })
      connection.publish('loud', 'yes')
      assert.equal(await promise, 'yes')
      await connection.close()
    })

    test('a message over max_payload is refused by the client, which knows the limit from INFO', async () => {
      const connection = await connect()
      assert.equal(connection.info?.max_payload, 1_048_576)
      assert.equal(connection.info?.headers, true)
      assert.throws(() => connection.publish('big', new Uint8Array(1_048_577)), /payload/i)
      await connection.close()
    })
  })
}
