import assert from 'node:assert/strict'
import test from 'node:test'
import { Broker, InProcessClient, Message, type Peer, Subscription } from '#core'
import { account, World } from './world.ts'

class Recorder implements Peer {
  readonly got: string[] = []
  send(subscription: Subscription, message: Message): void {
    this.got.push(`${subscription.sid}:${message.subject}`)
  }
}

const broker = () => new Broker(() => 0)
const message = (subject: string) => new Message(subject, Buffer.from('x'))

test('accounts are separate subject spaces', () => {
  const accounts = broker()
  const peer = new Recorder()
  accounts.account('A').subscribe(new Subscription(peer, '>', '1'))
  assert.equal(accounts.account('B').publish(message('x')), 0)
  assert.equal(accounts.account('A').publish(message('x')), 1)
  assert.deepEqual(peer.got, ['1:x'])
})

test('every plain subscription and one member of each queue group get a message', () => {
  const account = broker().account('A')
  const peer = new Recorder()
  account.subscribe(new Subscription(peer, 'a', 'plain'))
  for (const sid of ['q1', 'q2']) account.subscribe(new Subscription(peer, 'a', sid, 'first'))
  for (const sid of ['r1', 'r2']) account.subscribe(new Subscription(peer, 'a', sid, 'second'))
  assert.equal(account.publish(message('a')), 3)
  assert.deepEqual(peer.got, ['plain:a', 'q1:a', 'r1:a'])
})

test('the member of a queue group is drawn anew for each message', () => {
  const draws = [1, 0, 1]
  const account = new Broker(() => draws.shift()!).account('A')
  const peer = new Recorder()
  for (const sid of ['q1', 'q2']) account.subscribe(new Subscription(peer, 'a', sid, 'workers'))
  for (let i = 0; i < 3; i++) account.publish(message('a'))
  assert.deepEqual(peer.got, ['q2:a', 'q1:a', 'q2:a'])
})

test('a publisher without echo is passed over, also as the drawn member of a queue group', () => {
  const account = broker().account('A')
  const own = new Recorder()
  const other = new Recorder()
  account.subscribe(new Subscription(own, 'a', '1'))
  account.subscribe(new Subscription(own, 'a', '2', 'workers'))
  account.subscribe(new Subscription(other, 'a', '3', 'workers'))
  assert.equal(account.publish(message('a'), own, false), 1)
  assert.deepEqual(own.got, [])
  assert.deepEqual(other.got, ['3:a'])
})

test('a subscription ends with the delivery that reaches its maximum', () => {
  const account = broker().account('A')
  const peer = new Recorder()
  const subscription = new Subscription(peer, 'a', '1')
  subscription.maxDeliveries = 2
  account.subscribe(subscription)
  for (let i = 0; i < 4; i++) account.publish(message('a'))
  assert.equal(peer.got.length, 2)
  assert.equal(account.subscriptionCount, 0)
})

test('a peer that unsubscribes and publishes inside its own delivery disturbs nobody', () => {
  const account = broker().account('A')
  const last = new Recorder()
  const meddler: Peer = {
    send(subscription) {
      account.unsubscribe(subscription)
      account.publish(message('b'))
    },
  }
  account.subscribe(new Subscription(meddler, 'a', '1'))
  account.subscribe(new Subscription(last, '*', '2'))
  assert.equal(account.publish(message('a')), 2)
  assert.deepEqual(last.got.sort(), ['2:a', '2:b'])
})

test('publishTo reaches only the named peer', () => {
  const account = broker().account('A')
  const [one, two] = [new Recorder(), new Recorder()]
  account.subscribe(new Subscription(one, 'inbox.*', '1'))
  account.subscribe(new Subscription(two, 'inbox.*', '2'))
  assert.equal(account.publishTo(two, message('inbox.x')), true)
  assert.equal(account.publishTo(new Recorder(), message('inbox.x')), false)
  assert.deepEqual([one.got, two.got], [[], ['2:inbox.x']])
})

test('an in-process handler runs after the fan-out, in order, and survives its own errors', async () => {
  const errors: unknown[] = []
  const client = new InProcessClient(broker().account('A'), (error) => errors.push(error))
  const seen: string[] = []
  const stop = client.subscribe('a.*', ({ subject }) => {
    seen.push(subject)
    if (subject === 'a.1') throw new Error('handler broke')
  })
  assert.equal(client.publish('a.1', Buffer.alloc(0)), 1)
  client.publish('a.2', Buffer.alloc(0))
  assert.deepEqual(seen, [])
  await Promise.resolve()
  assert.deepEqual(seen, ['a.1', 'a.2'])
  assert.equal(errors.length, 1)
  stop()
  assert.equal(client.publish('a.3', Buffer.alloc(0)), 0)
})

test('an in-process handler that falls behind loses messages beyond its bound, which is said once', async () => {
  const errors: unknown[] = []
  const client = new InProcessClient(broker().account('A'), (error) => errors.push(error))
  let seen = 0
  client.subscribe('a', () => {
    seen++
  })
  for (let i = 0; i < 5000; i++) client.publish('a', Buffer.alloc(0))
  await Promise.resolve()
  assert.equal(seen, 4096)
  assert.equal(errors.length, 1)
})

test('connections come in until there are too many, leaf nodes until there are too many of them', () => {
  const accounts = new World([account('A', { limits: { maxConnections: 3, maxLeafNodes: 1 } })]).broker
  const limited = accounts.account('A')
  assert.equal(limited.enter('leaf'), true)
  assert.equal(limited.enter('leaf'), false)
  assert.equal(limited.enter('client'), true)
  assert.equal(limited.enter('client'), true)
  assert.equal(limited.enter('client'), false)
  assert.deepEqual([limited.connectionCount, limited.leafNodeCount], [3, 1])
  limited.leave('client')
  assert.equal(limited.enter('leaf'), false)
  limited.leave('leaf')
  assert.equal(limited.enter('leaf'), true)
  assert.deepEqual([limited.connectionCount, limited.leafNodeCount], [2, 1])
})

test('limits of a new definition hold from then on', () => {
  const { broker: accounts } = new World([account('A')])
  const limited = accounts.account('A')
  for (let i = 0; i < 3; i++) assert.equal(limited.enter('client'), true)
  accounts.define([account('A', { limits: { maxConnections: 3, maxPayloadBytes: 10 } })])
  assert.equal(limited.enter('client'), false)
  assert.equal(limited.limits.maxPayloadBytes, 10)
})

test('traffic is counted: what is published, and what is delivered of it', () => {
  const account = broker().account('A')
  const peer = new Recorder()
  for (const sid of ['1', '2']) account.subscribe(new Subscription(peer, 'a', sid))
  for (const sid of ['3', '4']) account.subscribe(new Subscription(peer, 'a', sid, 'workers'))
  account.publish(new Message('a', Buffer.from('NATS/1.0\r\n\r\nhi'), '', 12))
  account.publish(message('b'))
  assert.deepEqual(account.traffic, { inMsgs: 2, inBytes: 15, outMsgs: 3, outBytes: 42 })
})

test('accounts are found once they were asked for or defined, until they are forgotten', () => {
  const accounts = broker()
  assert.equal(accounts.find('A'), undefined)
  const first = accounts.account('A')
  assert.equal(accounts.find('A'), first)
  assert.equal(first.definition, undefined)
  const definition = account('A')
  accounts.define([definition, account('B')])
  assert.equal(accounts.account('A'), first)
  assert.equal(first.definition, definition)
  assert.deepEqual(
    [...accounts.accounts()].map(({ name }) => name),
    ['A', 'B'],
  )
  accounts.forget('A')
  accounts.forget('C')
  assert.deepEqual(
    [...accounts.accounts()].map(({ name }) => name),
    ['B'],
  )
})
