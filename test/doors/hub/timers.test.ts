import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { type HubMessage, HubMessageType } from '#wire/signalr'
import { PingQueue } from '../../../src/doors/hub/connection/ping-queue.ts'
import { event, LoneConnection } from './lone-connection.ts'

const PING: HubMessage = { type: HubMessageType.Ping }

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
