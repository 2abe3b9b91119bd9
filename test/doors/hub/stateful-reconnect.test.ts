import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HubMessage, HubMessageType } from '#wire/signalr'
import { event, LoneConnection, type LoneOptions, lastEvent } from './lone-connection.ts'

const stateful = (options: LoneOptions = {}) => LoneConnection.open({ isStateful: true, ...options })

const call = (invocationId: string): HubMessage => ({
  type: HubMessageType.Invocation,
  invocationId,
  target: 'X',
  arguments: [],
})
const ack = (sequenceId: number): HubMessage => ({ type: HubMessageType.Ack, sequenceId })
const sequence = (sequenceId: number): HubMessage => ({ type: HubMessageType.Sequence, sequenceId })
const PING: HubMessage = { type: HubMessageType.Ping }

test('what a client did not acknowledge is sent once more over the next transport, and what came meanwhile', () => {
  const lone = stateful()
  for (const name of ['a', 'b', 'c']) lone.connection.tell(event(name))
  assert.deepEqual(lone.heardNames(), ['a', 'b', 'c'])
  lone.say(ack(2))
  lone.carrier.lose()
  lone.connection.tell(event('d'))
  assert.deepEqual(lone.heardNames(), [])
  lone.resume()
  lone.connection.tell(event('e'))
  assert.deepEqual(lone.heardNames(), ['sequence 3', 'c', 'd', 'e'])
  assert.deepEqual(lone.log, ['open'])
})

test('with nothing to repeat the number of what comes next is said', () => {
  const lone = stateful()
  lone.connection.tell(event('a'))
  lone.heard()
  lone.say(ack(1))
  lone.carrier.lose()
  lone.resume()
  assert.deepEqual(lone.heardNames(), ['sequence 2'])
})

test('pings and acknowledgements are not repeated', () => {
  const lone = stateful()
  lone.connection.tell(event('a'))
  lone.connection.ping()
  lone.say({ ...call('1'), invocationId: null } as HubMessage)
  lone.beat()
  assert.deepEqual(lone.heardNames(), ['a', 'ping', 'ack 1'])
  lone.carrier.lose()
  lone.resume()
  assert.deepEqual(lone.heardNames(), ['sequence 1', 'a'])
})

test('a client that repeats a call is answered once', () => {
  const lone = stateful()
  lone.say(call('1'), call('2'))
  assert.deepEqual(lone.heardNames(), ['answer 1', 'answer 2'])
  lone.carrier.lose()
  lone.resume()
  lone.say(sequence(2), call('2'), call('3'))
  assert.deepEqual(lone.heardNames(), ['sequence 1', 'answer 1', 'answer 2', 'answer 3'])
  assert.deepEqual(lone.log, ['open'])
})

test('what a client says before it has said where it goes on is passed over', () => {
  const lone = stateful()
  lone.say(call('1'))
  lone.carrier.lose()
  lone.resume()
  lone.heard()
  lone.say(PING, call('?'), ack(1))
  assert.deepEqual(lone.heardNames(), [])
  lone.say(sequence(2), call('2'))
  assert.deepEqual(lone.heardNames(), ['answer 2'])
})

test('calls are acknowledged with the next heartbeat, once, and again when the acknowledgement may be lost', () => {
  const lone = stateful()
  lone.say(call('1'), PING, call('2'))
  lone.heard()
  lone.beat()
  assert.deepEqual(lone.heardNames(), ['ack 2'])
  lone.beat(5)
  assert.deepEqual(lone.heardNames(), [])
  lone.carrier.lose()
  lone.resume()
  lone.heard()
  lone.beat()
  assert.deepEqual(lone.heardNames(), ['ack 2'])
  lone.say(sequence(2), call('2'))
  lone.beat()
  assert.deepEqual(lone.heardNames(), ['ack 2'])
})

for (const sequenceId of [0, 4]) {
  test(`a client that goes on with ${sequenceId} when 3 is next is closed`, () => {
    const lone = stateful()
    lone.say(call('1'), call('2'))
    lone.carrier.lose()
    lone.resume()
    lone.heard()
    lone.say(sequence(sequenceId))
    const [farewell] = lone.heard()
    assert.deepEqual(farewell, {
      type: HubMessageType.Close,
      error: 'Connection closed with an error.',
      allowReconnect: false,
    })
    assert.equal(lone.connection.canResume, false)
    lone.carrier.lose()
    assert.deepEqual(
      lone.log.slice(1).map((line) => line.split(':')[0]),
      ['ending', 'closed'],
    )
  })
}

test('a connection waits 30 seconds for its client, and ends', () => {
  const lone = stateful()
  lone.carrier.lose()
  lone.beat(29)
  assert.deepEqual(lone.log, ['open'])
  assert.equal(lone.connection.canResume, true)
  lone.beat()
  assert.deepEqual(lone.log, ['open', 'ending: connection lost', 'closed'])
  assert.equal(lone.connection.canResume, false)
  lone.beat(100)
  assert.equal(lone.log.length, 3)
})

test('a transport that is still there is cut when the client comes back over another one', () => {
  const lone = stateful()
  const first = lone.carrier
  lone.connection.tell(event('a'))
  lone.endTurn()
  lone.resume()
  assert.equal(first.end, 'cut')
  const second = lone.carrier
  lone.resume()
  assert.equal(second.end, 'cut')
  first.lose()
  second.lose()
  lone.connection.tell(event('b'))
  assert.deepEqual(lone.heardNames(), ['sequence 1', 'a', 'b'])
  assert.deepEqual(lone.log, ['open'])
  lone.carrier.lose()
  lone.beat(30)
  assert.deepEqual(lone.log, ['open', 'ending: connection lost', 'closed'])
})

test('a client that says nothing for 30 seconds loses its transport, and can still come back', () => {
  const lone = stateful()
  lone.beat(30)
  assert.equal(lone.carrier.end, 'cut')
  lone.carrier.lose()
  lone.connection.tell(event('a'))
  lone.beat(29)
  lone.resume()
  assert.deepEqual(lone.heardNames(), ['sequence 1', 'a'])
})

test('a client that stalls loses its transport, and can still come back', () => {
  const lone = stateful()
  lone.connection.onStalled()
  assert.equal(lone.carrier.end, 'cut')
  lone.carrier.lose()
  lone.resume()
  assert.deepEqual(lone.log, ['open'])
})

test("a client's Close, ours, and what breaks the rules of the transport end it at once", () => {
  for (const end of [
    (lone: LoneConnection) => lone.say({ type: HubMessageType.Close, error: null, allowReconnect: false }),
    (lone: LoneConnection) => lone.connection.goAway('drain'),
    (lone: LoneConnection) => lone.connection.onClosing(new Error('frame too long')),
    (lone: LoneConnection) => lone.connection.destroy(),
  ]) {
    const lone = stateful()
    end(lone)
    assert.equal(lone.connection.canResume, false)
    lone.carrier.lose()
    assert.equal(lone.log.at(-1), 'closed')
  }
})

test('a connection that waits goes when it is told to', () => {
  for (const end of [
    (lone: LoneConnection) => lone.connection.goAway('drain'),
    (lone: LoneConnection) => lone.connection.destroy(),
  ]) {
    const lone = stateful()
    lone.carrier.lose()
    end(lone)
    end(lone)
    assert.equal(lone.log.length, 3)
    assert.equal(lone.log.at(-1), 'closed')
  }
})

test('the end of the session is told to a client that comes back, and nothing after it', () => {
  const lone = stateful()
  lone.carrier.lose()
  lone.connection.tell(event('a'))
  lone.connection.tell(lastEvent('log out'))
  lone.connection.tell(event('b'))
  lone.resume()
  assert.deepEqual(lone.heardNames(), ['sequence 1', 'a', 'log out', 'close'])
  assert.equal(lone.carrier.end, 1000)
  assert.equal(lone.connection.canResume, false)
})

test('with 100,000 bytes unacknowledged the rest waits, and comes in order as the client acknowledges', () => {
  const lone = stateful()
  const names = Array.from({ length: 20 }, (_, i) => `e${i + 1}`)
  for (const name of names) lone.connection.tell(event(name, 10_000))
  const first = lone.heardNames()
  assert.deepEqual(first, names.slice(0, 9))
  lone.beat(10)
  assert.deepEqual(lone.heardNames(), [], 'not even a ping')
  lone.say(ack(1))
  assert.deepEqual(lone.heardNames(), [])
  lone.say(ack(9))
  assert.deepEqual(lone.heardNames(), names.slice(9, 18))
  lone.say(ack(18))
  assert.deepEqual(lone.heardNames(), names.slice(18))
})

test('a client without a transport that misses too much is told what stands for it', () => {
  const lone = stateful({ maxPendingBytes: 50_000, substitute: event('sync') })
  lone.carrier.lose()
  for (let i = 1; i <= 100; i++) lone.connection.tell(event(`e${i}`, 10_000))
  lone.resume()
  const replayed = lone.heardNames()
  assert.deepEqual(replayed, ['sequence 1', ...Array.from({ length: 9 }, (_, i) => `e${i + 1}`)])
  lone.say(sequence(1), ack(9))
  assert.deepEqual(lone.heardNames(), ['sync'])
  lone.connection.tell(event('next'))
  assert.deepEqual(lone.heardNames(), ['next'])
})

test('where nothing stands for what was missed the client is closed, and may come back', () => {
  const lone = stateful({ maxPendingBytes: 50_000 })
  lone.carrier.lose()
  for (let i = 1; i <= 100; i++) lone.connection.tell(event(`e${i}`, 10_000))
  lone.resume()
  lone.heard()
  lone.say(sequence(1), ack(9))
  assert.deepEqual(lone.heard(), [
    { type: HubMessageType.Close, error: 'Too many messages were waiting.', allowReconnect: true },
  ])
})

test('an event that is longer than all that may be unacknowledged is sent and repeated', () => {
  const lone = stateful()
  lone.connection.tell(event('long', 150_000))
  lone.connection.tell(event('next'))
  assert.deepEqual(lone.heardNames(), ['long'])
  lone.carrier.lose()
  lone.resume()
  assert.deepEqual(lone.heardNames(), ['sequence 1', 'long'])
  lone.say(sequence(1), ack(1))
  assert.deepEqual(lone.heardNames(), ['next'])
})

test('a client that calls and calls without acknowledging the answers is closed', () => {
  const lone = stateful()
  for (let i = 0; i < 5_000 && lone.carrier.end === undefined; i++) lone.say(call(String(i)))
  const heard = lone.heard()
  assert.ok(heard.length > 2_000, `it was answered ${heard.length} times`)
  assert.equal(heard.at(-1)?.type, HubMessageType.Close)
  assert.equal(lone.carrier.isPaused, false)
})

for (const [name, options] of [
  ['version 1 of the handshake', { isStateful: true, version: 1 }],
  ['a connection that was not negotiated as stateful', {}],
] as const) {
  test(`${name} ends with its transport, and counts nothing`, () => {
    const lone = LoneConnection.open(options)
    lone.say(call('1'), ack(7), sequence(9))
    lone.beat(2)
    assert.deepEqual(lone.heardNames(), ['answer 1'])
    assert.equal(lone.connection.canResume, false)
    assert.throws(() => lone.resume())
    lone.carrier.lose()
    assert.equal(lone.log.at(-1), 'closed')
  })
}

test('a transport that is lost in the handshake ends the connection', () => {
  const lone = new LoneConnection({ isStateful: true })
  lone.carrier.lose()
  assert.deepEqual(lone.log, ['ending: connection lost', 'closed'])
})
