import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HubMessageType } from '#wire/signalr'
import { event, LoneConnection } from './lone-connection.ts'

const PING = { type: HubMessageType.Ping } as const

/** Says something, `afterMs` after now. */
function heardAfter(lone: LoneConnection, afterMs: number): number {
  lone.clock.advance(afterMs)
  lone.say(PING)
  return lone.connection.heardUntilMs
}

test('what was held back for a client that was behind is not taken for heard when it was told, but when it went out', () => {
  const lone = LoneConnection.open({ maxPendingBytes: 100, substitute: event('sync') })
  lone.connection.tell(event('long', 200))
  const toldAtMs = lone.clock.now()
  lone.connection.tell(event('held'))
  lone.carrier.backlogBytes = 200
  lone.beat(10)
  lone.carrier.backlogBytes = 0
  lone.beat(1)
  assert.ok(lone.heardNames().includes('sync'))
  assert.ok(heardAfter(lone, 1_000) <= toldAtMs)
  assert.ok(heardAfter(lone, 3_999) <= toldAtMs)
  assert.ok(heardAfter(lone, 1) > toldAtMs)
})

test('what is sent again over another transport is not taken for heard before that', () => {
  const lone = LoneConnection.open({ isStateful: true })
  lone.carrier.lose()
  lone.connection.tell(event('while away'))
  const toldAtMs = lone.clock.now()
  lone.clock.advance(20_000)
  lone.resume()
  assert.ok(lone.heardNames().includes('while away'))
  assert.ok(heardAfter(lone, 1_000) <= toldAtMs)
  assert.ok(heardAfter(lone, 4_000) > toldAtMs)
})

test('what waits for the handshake is not taken for heard before that', () => {
  const lone = new LoneConnection()
  lone.connection.tell(event('early'))
  const toldAtMs = lone.clock.now()
  lone.clock.advance(10_000)
  lone.connection.onMessage(Buffer.from('{"protocol":"messagepack","version":1}\x1e'), true)
  lone.endTurn()
  assert.ok(lone.connection.heardUntilMs <= toldAtMs)
  assert.ok(heardAfter(lone, 1_000) <= toldAtMs)
  assert.ok(heardAfter(lone, 4_000) > toldAtMs)
})
