import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Account, type InterestFollower, type Link, LinkSubscription, Message, type Subscription } from '#core'
import { Client, account as define, importService, importStream, service, stream, World } from './world.ts'

/** A leaf node connection that keeps what it is to carry as `subject queues:payload`. */
class FakeLink implements Link {
  readonly got: string[] = []
  readonly cluster: string
  readonly #account: Account
  refuses = ''

  constructor(account: Account, cluster = '') {
    this.#account = account
    this.cluster = cluster
  }

  send(): never {
    throw new Error('A link is told which queue groups are meant')
  }

  forward(message: Message, queues: readonly string[]): boolean {
    if (message.subject === this.refuses) return false
    this.got.push(`${[message.subject, ...queues].join(' ')}:${message.payload}`)
    return true
  }

  wants(subject: string, queue = '', weight = 1): LinkSubscription {
    const subscription = new LinkSubscription(this, subject, queue, weight)
    this.#account.subscribe(subscription)
    return subscription
  }

  brings(subject: string, payload: string, queues: readonly string[] | 'any' = []): number {
    const chosen = queues === 'any' ? undefined : queues
    return this.#account.relay(new Message(subject, Buffer.from(payload)), this, chosen)
  }

  take(): string[] {
    return this.got.splice(0)
  }
}

function oneAccount(random?: (below: number) => number) {
  const { broker } = new World([define('A')], random)
  return { broker, account: broker.account('A'), client: new Client(broker, 'A') }
}

test('a link gets one copy, however many of its subscriptions match', () => {
  const { account, client } = oneAccount()
  const link = new FakeLink(account)
  for (const subject of ['a.b', 'a.*', '>']) link.wants(subject)
  link.wants('a.b', 'workers')
  link.wants('a.*', 'workers')
  assert.equal(client.publish('a.b', 'x'), 1)
  assert.deepEqual(link.take(), ['a.b workers:x'])
})

test('a member of a queue group that is here comes before those behind links', () => {
  const { account, client } = oneAccount()
  const link = new FakeLink(account)
  link.wants('a', 'workers', 99)
  const member = client.subscribe('a', { queue: 'workers' })
  client.publish('a', '1')
  assert.deepEqual([client.take(), link.take()], [['1:a:1'], []])
  client.unsubscribe(member)
  client.publish('a', '2')
  assert.deepEqual([client.take(), link.take()], [[], ['a workers:2']])
})

test('a member that may not have the message leaves it to those behind links', () => {
  const { account, client } = oneAccount()
  const link = new FakeLink(account)
  link.wants('a', 'workers')
  client.subscribe('a', { queue: 'workers' }).filter = { admits: () => false }
  assert.equal(client.publish('a', 'x'), 1)
  assert.deepEqual(link.take(), ['a workers:x'])
})

test('links are drawn by the members they have, as they are now', () => {
  let next = 0
  const { account, client } = oneAccount((below) => {
    assert.equal(below, 10)
    return next++
  })
  const [small, large] = [new FakeLink(account), new FakeLink(account)]
  const few = small.wants('a', 'workers', 1)
  large.wants('a', 'workers', 8)
  account.reweigh(few, 2)
  for (let i = 0; i < 10; i++) client.publish('a', String(i))
  assert.deepEqual(small.take(), ['a workers:0', 'a workers:1'])
  assert.equal(large.take().length, 8)
})

test('what came by a link reaches only the groups that were chosen there, and never goes back', () => {
  const { account, client } = oneAccount()
  const link = new FakeLink(account)
  link.wants('>')
  client.subscribe('a')
  client.subscribe('a', { queue: 'q1' })
  client.subscribe('a', { queue: 'q2' })
  assert.equal(link.brings('a', 'plain'), 1)
  assert.deepEqual(client.take(), ['1:a:plain'])
  assert.equal(link.brings('a', 'chosen', ['q2', 'elsewhere']), 2)
  assert.deepEqual(client.take(), ['1:a:chosen', '3:a:chosen'])
  // A subject mapping here may lead to groups that the other side cannot know.
  assert.equal(link.brings('a', 'any', 'any'), 3)
  assert.deepEqual(link.take(), [])
})

test('what came by a link goes on to others, but to none of the same cluster', () => {
  const { account } = oneAccount()
  const [first, sister, stranger] = [
    new FakeLink(account, 'C'),
    new FakeLink(account, 'C'),
    new FakeLink(account, 'D'),
  ] as const
  for (const link of [first, sister, stranger]) link.wants('a')
  stranger.wants('b', 'workers')
  sister.wants('b', 'workers')
  assert.equal(first.brings('a', 'x'), 1)
  assert.equal(first.brings('b', 'y', ['workers']), 1)
  assert.deepEqual([first.take(), sister.take(), stranger.take()], [[], [], ['a:x', 'b workers:y']])
})

test('servers that are in no cluster are in none together', () => {
  const { account } = oneAccount()
  const [first, second] = [new FakeLink(account), new FakeLink(account)]
  second.wants('a')
  assert.equal(first.brings('a', 'x'), 1)
  assert.deepEqual(second.take(), ['a:x'])
})

test('a link that may not have the message did not get it', () => {
  const { account, client } = oneAccount()
  const link = new FakeLink(account)
  link.wants('>')
  link.refuses = 'secret'
  assert.equal(client.publish('secret'), 0)
  assert.equal(client.publish('open'), 1)
  assert.ok(account.hasInterest('open'))
})

test('a link gets a stream of another account once, by the name it has here', () => {
  const { broker } = new World([
    define('E', { exports: [stream('orders.>')] }),
    define('I', { imports: [importStream('E', 'orders.>', 'in.>')] }),
  ])
  const link = new FakeLink(broker.account('I'))
  link.wants('in.*')
  link.wants('in.new', 'workers')
  const exporter = new Client(broker, 'E')
  assert.equal(exporter.publish('orders.new', 'x'), 1)
  assert.deepEqual(link.take(), ['in.new workers:x'])
})

test('a link gets a stream that is imported twice by each of its names', () => {
  const { broker } = new World([
    define('E', { exports: [stream('orders.>')] }),
    define('I', { imports: [importStream('E', 'orders.>', 'in.>'), importStream('E', 'orders.new', 'new')] }),
  ])
  const link = new FakeLink(broker.account('I'))
  link.wants('in.*')
  link.wants('new')
  assert.equal(new Client(broker, 'E').publish('orders.new', 'x'), 2)
  assert.deepEqual(link.take().sort(), ['in.new:x', 'new:x'])
})

test('a request to a service is no part of a stream, for links as for others', () => {
  const { broker } = new World([
    define('E', { exports: [stream('orders'), service('orders')] }),
    define('I', { imports: [importStream('E', 'orders')] }),
    define('R', { imports: [importService('E', 'orders')] }),
  ])
  const link = new FakeLink(broker.account('I'))
  link.wants('orders')
  new Client(broker, 'R').publish('orders', 'asked')
  assert.deepEqual(link.take(), [])
  new Client(broker, 'E').publish('orders', 'told')
  assert.deepEqual(link.take(), ['orders:told'])
})

test('a request by a link goes through no service back to the same cluster, whose members got it there', () => {
  const { broker } = new World([
    define('E', { exports: [service('ask')] }),
    define('I', { imports: [importService('E', 'ask')] }),
  ])
  const asking = new FakeLink(broker.account('I'), 'C')
  const [same, other] = [new FakeLink(broker.account('E'), 'C'), new FakeLink(broker.account('E'), 'D')]
  same.wants('ask')
  same.wants('ask', 'workers')
  assert.equal(asking.brings('ask', 'x'), 0)
  other.wants('ask', 'workers')
  assert.equal(asking.brings('ask', 'y'), 1)
  assert.deepEqual([same.take(), other.take()], [[], ['ask workers:y']])
})

test('links that import a stream are drawn by the members they have now', () => {
  let next = 0
  const definitions = [
    define('E', { exports: [stream('orders')] }),
    define('I', { imports: [importStream('E', 'orders')] }),
  ]
  const { broker } = new World(definitions, (below) => {
    assert.equal(below, 4)
    return next++
  })
  const account = broker.account('I')
  const [first, second] = [new FakeLink(account), new FakeLink(account)]
  const grown = first.wants('orders', 'workers')
  second.wants('orders', 'workers')
  account.reweigh(grown, 3)
  const exporter = new Client(broker, 'E')
  for (let i = 0; i < 4; i++) exporter.publish('orders', String(i))
  assert.deepEqual([first.take().length, second.take().length], [3, 1])
})

test('who follows an account hears of every subscription, shadows of imported streams included', () => {
  const { broker } = new World([
    define('E', { exports: [stream('orders.>')] }),
    define('I', { imports: [importStream('E', 'orders.>')] }),
  ])
  const heard: string[] = []
  const follower: InterestFollower = {
    added: ({ subject }: Subscription) => heard.push(`+${subject}`),
    removed: ({ subject }: Subscription) => heard.push(`-${subject}`),
    reweighed: ({ subject, weight }, before) => heard.push(`${subject} ${before}→${weight}`),
    mappingsChanged: () => heard.push('mappings'),
  }
  const end = broker.account('E').follow(follower)
  const client = new Client(broker, 'I')
  const subscription = client.subscribe('orders.*')
  client.unsubscribe(subscription)
  const group = new FakeLink(broker.account('E')).wants('a', 'workers', 3)
  broker.account('E').reweigh(group, 5)
  broker.define([define('E', { mappings: [{ source: 'x', destinations: [{ subject: 'y', weight: 100 }] }] })])
  end()
  client.subscribe('orders.late')
  assert.deepEqual(heard, ['+orders.*', '-orders.*', '+a', 'a 3→5', 'mappings'])
})

test('the loop subject of an account stays the same, and is no other account’s', () => {
  const { broker } = oneAccount()
  const { loopSubject } = broker.account('A')
  assert.match(loopSubject, /^\$LDS\.[\w-]{22}$/)
  assert.equal(broker.account('A').loopSubject, loopSubject)
  assert.notEqual(broker.account('B').loopSubject, loopSubject)
})

test('who wants a message in very many queue groups, or brings it to as many, holds nobody up', () => {
  const { account, client } = oneAccount()
  const [greedy, other] = [new FakeLink(account), new FakeLink(account)]
  const groups = Array.from({ length: 40_000 }, (_, i) => `group-${i}`)
  for (const group of groups) greedy.wants('a', group)

  const startedMs = performance.now()
  assert.equal(client.publish('a', 'x'), 1)
  assert.equal(other.brings('a', 'y', groups), 1)
  // With work that grows by the square of the groups it is 10 seconds and more, else some hundredths of one.
  assert.ok(performance.now() - startedMs < 2_000)
  assert.deepEqual(greedy.take(), [`a ${groups.join(' ')}:x`, `a ${groups.join(' ')}:y`])
})
