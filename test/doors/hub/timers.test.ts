import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { type HubMessage, HubMessageType } from '#wire/signalr'
import { PingQueue } from '../../../src/doors/hub/connection/ping-queue.ts'
import { event, LoneConnection } from './lone-connection.ts'

const PING: HubMessage = { type: HubMessageType.Ping }
const CALL: HubMessage = { type: HubMessageType.Invocation, invocationId: '1', target: 'X', arguments: [] }

/** With the pings that became due. */
async function beat(lone: LoneConnection, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    lone.beat()
    await turnOver()
  }
}

test('a connection is pinged when nothing was said to it for 15 seconds, whatever it says itself', async () => {
  const lone = LoneConnection.open()
  await beat(lone, 14)
  assert.deepEqual(lone.heardNames(), [])
  lone.say(PING)
  await beat(lone, 1)
  assert.deepEqual(lone.heardNames(), ['ping'])
  await beat(lone, 10)
  lone.connection.tell(event('a'))
  lone.say(PING)
  await beat(lone, 14)
  assert.deepEqual(lone.heardNames(), ['a'])
  await beat(lone, 1)
  assert.deepEqual(lone.heardNames(), ['ping'])
})

test('a client that vanished without a word is gone within two pings, and its socket is not waited for', () => {
  const lone = LoneConnection.open()
  lone.beat(29)
  assert.deepEqual(lone.log, ['open'])
  lone.beat(1)
  assert.deepEqual(lone.log, ['open', 'ending: silent for too long'])
  assert.deepEqual(lone.heard().at(-1), { type: HubMessageType.Close, error: null, allowReconnect: true })
  assert.equal(lone.carrier.end, 'cut')
  lone.beat(100)
  assert.equal(lone.log.length, 2)
})

test('where the transport keeps itself alive nobody is pinged, and silence means nothing', async () => {
  const lone = LoneConnection.open({ keepsAlive: true })
  await beat(lone, 600)
  assert.deepEqual(lone.heardNames(), [])
  assert.deepEqual(lone.log, ['open'])
  lone.connection.tell(event('a'))
  assert.deepEqual(lone.heardNames(), ['a'])
})

test('pings that are due at once go out a few in each turn, every one of them', async () => {
  const queue = new PingQueue()
  let pinged = 0
  const one = { ping: () => void pinged++ }
  for (let round = 0; round < 2; round++) {
    pinged = 0
    for (let i = 0; i < 1_000; i++) queue.add(one)
    const perTurn: number[] = []
    while (pinged < 1_000) {
      const before = pinged
      await turnOver()
      perTurn.push(pinged - before)
    }
    assert.ok(Math.max(...perTurn) <= 200, `${perTurn}`)
    await turnOver()
    assert.equal(pinged, 1_000)
  }
})

test('what a client is known to have heard is what was told five seconds before it last spoke', () => {
  const lone = LoneConnection.open()
  const spoke = () => {
    lone.say(PING)
    return lone.clock.now() - 5_000
  }
  const first = spoke()
  assert.equal(lone.connection.heardUntilMs, first)
  lone.beat(10)
  assert.equal(lone.connection.heardUntilMs, first, 'its silence says nothing')
  lone.carrier.backlogBytes = 1
  spoke()
  assert.equal(lone.connection.heardUntilMs, first, 'it has not read everything')
  lone.carrier.backlogBytes = 0
  spoke()
  assert.equal(lone.connection.heardUntilMs, first, 'it may have been sent that just now')
  lone.beat(5)
  const second = spoke()
  assert.equal(lone.connection.heardUntilMs, second)
  lone.beat(1)
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, second + 1_000, 'the transport may say so too')
})

test('nothing is known before the handshake', () => {
  const lone = new LoneConnection()
  assert.equal(lone.connection.heardUntilMs, 0)
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, 0)
})

test('a client that was told less than there was has not heard it', () => {
  const lone = LoneConnection.open({ maxPendingBytes: 10_000, substitute: event('sync') })
  lone.say(PING)
  const before = lone.connection.heardUntilMs
  lone.connection.tell(event('long', 20_000))
  lone.clock.advance(500)
  lone.say(PING)
  assert.equal(lone.connection.heardUntilMs, before)
  lone.beat(1)
  assert.deepEqual(lone.heardNames(), ['sync'])
  lone.beat(5)
  lone.say(PING)
  assert.ok(lone.connection.heardUntilMs > before)
})

test('what was left unread for a while does not prove that the client is still there', () => {
  const lone = LoneConnection.open({ maxPendingBytes: 10_000 })
  lone.say(PING)
  const before = lone.connection.heardUntilMs
  lone.carrier.backlogBytes = 9_000
  lone.say(CALL)
  assert.equal(lone.carrier.isPaused, true)
  lone.beat(20)
  lone.carrier.backlogBytes = 0
  lone.beat(1)
  assert.equal(lone.carrier.isPaused, false)
  lone.say(PING) // Said long ago, as far as we know.
  assert.equal(lone.connection.heardUntilMs, before)
  lone.beat(5)
  lone.say(PING)
  assert.ok(lone.connection.heardUntilMs > before)
})
