import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { HubMessageType } from '#wire/signalr'
import { event, LoneConnection } from './lone-connection.ts'

const PING = { type: HubMessageType.Ping } as const

/** Lets heartbeats pass until the client is asked whether it has read what it was told; undefined: it is not. */
async function askedAtMs(lone: LoneConnection, beats = 10): Promise<number | undefined> {
  const before = lone.carrier.asked
  for (let i = 0; i < beats; i++) {
    lone.beat()
    lone.say(PING)
    await turnOver()
    if (lone.carrier.asked > before) return lone.clock.now()
  }
  return undefined
}

test('a client has heard what it was told before it was asked, when it says so', async () => {
  const lone = LoneConnection.open()
  lone.connection.tell(event('one'))
  const toldAtMs = lone.clock.now()
  const askedMs = await askedAtMs(lone)
  assert.ok(askedMs! > toldAtMs)
  assert.equal(lone.connection.heardUntilMs, 0)
  lone.clock.advance(20_000)
  lone.connection.tell(event('two'))
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, askedMs)
})

test('nothing else that a client says means that it has read anything', async () => {
  const lone = LoneConnection.open()
  lone.connection.tell(event('one'))
  await askedAtMs(lone)
  lone.say(PING)
  lone.clock.advance(20_000)
  lone.say(PING)
  assert.equal(lone.connection.heardUntilMs, 0)
})

test('an answer counts once, and only to a question', async () => {
  const lone = LoneConnection.open()
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, 0)
  lone.connection.tell(event('one'))
  const askedMs = await askedAtMs(lone)
  lone.connection.onTaken()
  lone.clock.advance(20_000)
  lone.connection.tell(event('two'))
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, askedMs)
})

test('a client is asked once it was told nothing for a while, once, and not when it was told nothing', async () => {
  const lone = LoneConnection.open()
  assert.equal(await askedAtMs(lone, 60), undefined)
  for (let i = 0; i < 20; i++) {
    lone.connection.tell(event('one'))
    assert.equal(await askedAtMs(lone, 4), undefined)
  }
  assert.notEqual(await askedAtMs(lone), undefined)
  assert.equal(await askedAtMs(lone, 60), undefined)
})

test('a client that was told less than there was has not heard it', async () => {
  const lone = LoneConnection.open({ maxPendingBytes: 10_000, substitute: event('sync') })
  lone.connection.tell(event('long', 9_000))
  await askedAtMs(lone)
  lone.connection.tell(event('longer', 20_000))
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, 0)
  const askedMs = await askedAtMs(lone)
  assert.ok(lone.heardNames().includes('sync'))
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, askedMs)
})

test('who goes on over another transport is asked there', async () => {
  const lone = LoneConnection.open({ isStateful: true })
  lone.connection.tell(event('before'))
  await askedAtMs(lone)
  lone.carrier.lose()
  lone.connection.tell(event('while away'))
  lone.clock.advance(20_000)
  lone.resume()
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, 0)
  const askedMs = await askedAtMs(lone)
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, askedMs)
})

test('what waits for the handshake is asked about behind it', async () => {
  const lone = new LoneConnection()
  lone.connection.tell(event('early'))
  lone.clock.advance(10_000)
  lone.connection.onMessage(Buffer.from('{"protocol":"messagepack","version":1}\x1e'), true)
  lone.endTurn()
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, 0)
  assert.notEqual(await askedAtMs(lone), undefined)
})

test('over a transport that cannot ask, nothing is ever known', async () => {
  const lone = LoneConnection.open()
  Object.assign(lone.carrier, { askTaken: undefined })
  lone.connection.tell(event('one'))
  assert.equal(await askedAtMs(lone, 15), undefined)
  assert.ok(lone.heardNames().includes('ping'), 'it is pinged as ever')
  assert.equal(lone.connection.canBeAsked, false)
  lone.connection.ask()
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, 0)
})

test('a client that has yet to answer is not asked again: its answer would say too much', async () => {
  const lone = LoneConnection.open()
  lone.connection.tell(event('one'))
  const askedMs = await askedAtMs(lone)
  lone.connection.tell(event('two'))
  assert.equal(await askedAtMs(lone, 20), undefined)
  lone.connection.ask()
  assert.equal(lone.carrier.asked, 1)
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, askedMs)
  assert.notEqual(await askedAtMs(lone, 1), undefined, 'now it is')
})

test('what waits to be written goes out before a question, and being asked early spares nobody the later question', async () => {
  const lone = LoneConnection.open()
  lone.connection.tell(event('one'))
  const written: boolean[] = []
  lone.carrier.askTaken = () => void written.push(lone.carrier.take().includes('one'))
  lone.connection.ask()
  assert.deepEqual(written, [true])
  lone.connection.onTaken()
  assert.equal(lone.connection.heardUntilMs, lone.clock.now())
  for (let i = 0; i < 6; i++) {
    lone.beat()
    await turnOver()
  }
  assert.equal(written.length, 2)
})
