import assert from 'node:assert/strict'
import test from 'node:test'
import { Message } from '#core'
import { account, importStream, stream, World } from './world.ts'

function world(subject: string, to = subject) {
  return new World([
    account('E', { exports: [stream('>')] }),
    account('A', { imports: [importStream('E', subject, to)] }),
  ])
}

/** What of the exporter reaches a subscription of the importer, and by which name: as nats-server has it. */
const deliveries: [subject: string, to: string, subscribed: string, published: string, got: string | undefined][] = [
  ['pub.x', 'pub.x', 'pub.x', 'pub.x', 'pub.x'],
  ['pub.x', 'pub.x', 'pub.y', 'pub.y', undefined],
  ['pub.x', 'here', 'here', 'pub.x', 'here'],
  ['pub.x', 'here', '>', 'pub.x', 'here'],
  ['pub.x', 'here', 'pub.x', 'pub.x', undefined],
  ['pub.>', 'pub.>', 'pub.a.b', 'pub.a.b', 'pub.a.b'],
  ['pub.>', 'pub.>', 'pub.*', 'pub.a', 'pub.a'],
  ['pub.>', 'pub.>', 'pub.*', 'pub.a.b', undefined],
  ['pub.>', 'pub.>', '*.a', 'pub.a', 'pub.a'],
  ['pub.>', 'pub.>', '>', 'pub.a', 'pub.a'],
  ['pub.>', 'pub.>', '>', 'other.a', undefined],
  ['pub.>', 'pub.>', 'pub', 'pub.a', undefined],
  ['pub.>', 'from.e.pub.>', '>', 'pub.x', 'from.e.pub.x'],
  ['pub.>', 'from.e.pub.>', 'from.>', 'pub.x.y', 'from.e.pub.x.y'],
  ['pub.>', 'from.e.pub.>', 'from.*.pub.x', 'pub.x', 'from.e.pub.x'],
  ['pub.>', 'from.e.pub.>', 'from.e.pub.x', 'pub.y', undefined],
  ['pub.>', 'from.e.pub.>', 'pub.x', 'pub.x', undefined],
  ['priv.*', 'mine.$1.x', 'mine.*.x', 'priv.7', 'mine.7.x'],
  ['priv.*', 'mine.$1.x', 'mine.7.*', 'priv.7', 'mine.7.x'],
  ['priv.*', 'mine.$1.x', 'mine.7.*', 'priv.8', undefined],
  ['priv.*', 'mine.$1.x', 'mine.*', 'priv.7', undefined],
  ['priv.*', 'mine.*.x', 'mine.>', 'priv.7', 'mine.7.x'],
  ['priv.*', 'mine.{{wildcard(1)}}.x', 'mine.7.x', 'priv.7', 'mine.7.x'],
  ['a.*.b.*', 'c.$2.$1', 'c.x.*', 'a.y.b.x', 'c.x.y'],
  ['a.*.b.*', 'c.$2.$1', 'c.x.*', 'a.x.b.y', undefined],
  ['a.*.b.*', 'c.$2.$1', 'c.>', 'a.1.b.2', 'c.2.1'],
  ['a.*.>', 'b.$1.c.>', 'b.1.c.2.*', 'a.1.2.3', 'b.1.c.2.3'],
  ['a.*.>', 'b.$1.c.>', 'b.1.c.2.*', 'a.1.9.3', undefined],
  ['*', '$1', 'x', 'x', 'x'],
]

for (const [subject, to, subscribed, published, got] of deliveries) {
  const becomes = got === undefined ? 'does not get' : `gets ${got} for`
  test(`with ${subject} imported as ${to}, ${subscribed} ${becomes} ${published}`, () => {
    const { client, broker } = bound(world(subject, to))
    const subscriber = client('A')
    const own = subscriber.subscribe(subscribed)
    assert.equal(client('E').publish(published, 'p'), got === undefined ? 0 : 1)
    assert.deepEqual(subscriber.got, got === undefined ? [] : [`1:${got}:p`])
    subscriber.unsubscribe(own)
    assert.equal(broker.account('E').subscriptionCount, 0)
  })
}

function bound(of: World) {
  return { client: (name: string) => of.client(name), broker: of.broker }
}

test('a local message and an imported one of the same name both arrive', () => {
  const accounts = world('pub.*')
  const subscriber = accounts.client('A')
  subscriber.subscribe('pub.*')
  accounts.client('A').publish('pub.1', 'local')
  accounts.client('E').publish('pub.2', 'imported')
  assert.deepEqual(subscriber.got, ['1:pub.1:local', '1:pub.2:imported'])
})

test('nothing goes from the importer to the exporter', () => {
  const accounts = world('pub.*')
  const subscriber = accounts.client('E')
  subscriber.subscribe('>')
  assert.equal(accounts.client('A').publish('pub.1'), 0)
  assert.deepEqual(subscriber.got, [])
})

test('reply, headers and payload cross as they are', () => {
  const accounts = world('pub.*', 'in.$1')
  const subscriber = accounts.client('A')
  subscriber.subscribe('in.*')
  const body = Buffer.from('NATS/1.0\r\nA: b\r\n\r\nhello')
  accounts.broker.account('E').publish(new Message('pub.1', body, 'back', body.length - 5))
  const [message] = subscriber.messages
  assert.equal(message?.reply, 'back')
  assert.equal(message?.headerBytes, body.length - 5)
  assert.equal(message?.body, body)
})

test('all receivers of an import get the same message, so that it is encoded once', () => {
  const accounts = world('pub.*', 'in.$1')
  const subscribers = [accounts.client('A'), accounts.client('A')]
  for (const subscriber of subscribers) subscriber.subscribe('in.>')
  accounts.client('E').publish('pub.1')
  accounts.client('E').publish('pub.2')
  const [first, second] = subscribers.map(({ messages }) => messages)
  assert.deepEqual(
    first?.map(({ subject }) => subject),
    ['in.1', 'in.2'],
  )
  assert.equal(first?.[0], second?.[0])
  assert.equal(first?.[1], second?.[1])
})

test('members of a queue group share across accounts', () => {
  const draws = [0, 1, 0, 1]
  const accounts = new World(
    [account('E', { exports: [stream('>')] }), account('A', { imports: [importStream('E', 'pub.*', 'in.$1')] })],
    () => draws.shift()!,
  )
  const exporter = accounts.client('E')
  const importer = accounts.client('A')
  exporter.subscribe('pub.*', { queue: 'workers' })
  importer.subscribe('in.*', { queue: 'workers' })
  for (let i = 0; i < 4; i++) assert.equal(exporter.publish('pub.x', String(i)), 1)
  assert.deepEqual(exporter.got, ['1:pub.x:0', '1:pub.x:2'])
  assert.deepEqual(importer.got, ['1:in.x:1', '1:in.x:3'])
})

test('the maximum of a subscription counts local and imported messages together', () => {
  const accounts = world('pub.*')
  const subscriber = accounts.client('A')
  const subscription = subscriber.subscribe('pub.*', { max: 3 })
  const exporter = accounts.client('E')
  exporter.publish('pub.1')
  accounts.client('A').publish('pub.2')
  exporter.publish('pub.3')
  assert.equal(exporter.publish('pub.4'), 0)
  assert.equal(accounts.client('A').publish('pub.5'), 0)
  assert.deepEqual(subscriber.got, ['1:pub.1:', '1:pub.2:', '1:pub.3:'])
  assert.equal(subscription.delivered, 3)
  assert.equal(accounts.broker.account('E').subscriptionCount, 0)
  assert.equal(accounts.broker.account('A').subscriptionCount, 0)
})

test('what a subscription is kept from is asked by the local subject, and another of its queue group gets it', () => {
  const accounts = world('pub.*', 'in.$1')
  const kept = accounts.client('A')
  const other = accounts.client('A')
  const asked: string[] = []
  kept.subscribe('in.*', { queue: 'q' }).filter = { admits: (subject) => asked.push(subject) < 0 }
  other.subscribe('in.*', { queue: 'q' })
  assert.equal(accounts.client('E').publish('pub.1'), 1)
  assert.deepEqual([kept.got, other.got, asked], [[], ['1:in.1:'], ['in.1']])
})

test('imports of imports do not pass on: each account exports only what is published in it', () => {
  const accounts = new World([
    account('E', { exports: [stream('pub.*')] }),
    account('A', { imports: [importStream('E', 'pub.*')], exports: [stream('pub.*')] }),
    account('B', { imports: [importStream('A', 'pub.*')] }),
  ])
  const last = accounts.client('B')
  last.subscribe('>')
  assert.equal(accounts.client('E').publish('pub.1'), 0)
  assert.equal(accounts.client('A').publish('pub.1'), 1)
  assert.deepEqual(last.got, ['1:pub.1:'])
})

test('who may import: everybody, who is on the list, whose token is good, whose name is in the subject', () => {
  const accounts = new World([
    account('E', {
      exports: [
        stream('all'),
        stream('some', { access: { kind: 'accounts', accounts: ['A'] } }),
        stream('token', { access: { kind: 'token' } }),
        stream('of.*.news', { accountTokenPosition: 2 }),
      ],
    }),
    ...['A', 'B'].map((name) =>
      account(name, {
        imports: [
          importStream('E', 'all'),
          importStream('E', 'some'),
          { ...importStream('E', 'token'), isActivated: name === 'B' },
          importStream('E', 'of.A.news'),
          importStream('E', 'never.exported'),
        ],
      }),
    ),
  ])
  const clients = { a: accounts.client('A'), b: accounts.client('B') }
  for (const client of Object.values(clients)) client.subscribe('>')
  for (const subject of ['all', 'some', 'token', 'of.A.news', 'never.exported']) accounts.client('E').publish(subject)
  assert.deepEqual(clients.a.got, ['1:all:', '1:some:', '1:of.A.news:'])
  assert.deepEqual(clients.b.got, ['1:all:', '1:token:'])
})

test('an export of exactly the subject decides, whatever wider ones allow', () => {
  const accounts = new World([
    account('E', { exports: [stream('>'), stream('a.secret', { access: { kind: 'accounts', accounts: ['B'] } })] }),
    account('A', { imports: [importStream('E', 'a.secret'), importStream('E', 'a.open')] }),
  ])
  const subscriber = accounts.client('A')
  subscriber.subscribe('>')
  for (const subject of ['a.secret', 'a.open']) accounts.client('E').publish(subject)
  assert.deepEqual(subscriber.got, ['1:a.open:'])
})

test('definitions change under living subscriptions', () => {
  const accounts = world('pub.*')
  const subscriber = accounts.client('A')
  const exporter = accounts.client('E')
  subscriber.subscribe('>')
  exporter.publish('pub.1')

  accounts.broker.define([account('A', { imports: [importStream('E', 'pub.*', 'new.$1')] })])
  exporter.publish('pub.2')

  accounts.broker.define([account('E', { exports: [stream('other')] })])
  assert.equal(exporter.publish('pub.3'), 0)

  accounts.broker.define([account('E', { exports: [stream('pub.*')] })])
  exporter.publish('pub.4')

  accounts.broker.forget('E')
  assert.equal(accounts.broker.find('E'), undefined)
  accounts.client('E').publish('pub.5')

  accounts.broker.define([account('E', { exports: [stream('pub.*')] })])
  accounts.client('E').publish('pub.6')

  accounts.broker.define([account('A')])
  assert.equal(accounts.client('E').publish('pub.7'), 0)
  assert.deepEqual(subscriber.got, ['1:pub.1:', '1:new.2:', '1:new.4:', '1:new.6:'])
})

test('an exporter that is defined after its importer is found', () => {
  const accounts = new World([account('A', { imports: [importStream('E', 'pub')] })])
  const subscriber = accounts.client('A')
  subscriber.subscribe('pub')
  accounts.broker.define([account('E', { exports: [stream('pub')] })])
  accounts.client('E').publish('pub')
  assert.deepEqual(subscriber.got, ['1:pub:'])
})

test('what is delivered to importers is traffic of the exporter', () => {
  const accounts = world('pub')
  accounts.client('A').subscribe('pub')
  accounts.client('E').publish('pub', 'four')
  assert.deepEqual(accounts.broker.account('E').traffic, { inMsgs: 1, inBytes: 4, outMsgs: 1, outBytes: 4 })
  assert.deepEqual(accounts.broker.account('A').traffic, { inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0 })
})
