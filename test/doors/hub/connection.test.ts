import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, HubMessageType, jsonProtocol, messagePackProtocol, ResultKind } from '#wire/signalr'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, startHub } from './hub-server.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')
const { ping, encodeClose, encodeCompletion } = messagePackProtocol(64)
const bytes = (data: Buffer) => Buffer.from(data)

test('a connection that has been quiet for 15 seconds is pinged, a busy one is not', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const device = await HubClient.start(hub.url, ALICE)
  clock.advance(10_000)
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  assert.equal((await device.nextNotification()).Type, 10)
  clock.advance(14_000)
  assert.equal(device.frames.size, 0)
  clock.advance(1_000)
  assert.equal((await device.nextFrame()).toString('hex'), '029106')
})

test('a client that says nothing for 30 seconds is let go, one that pings is kept', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const silent = await HubClient.start(hub.url, ALICE)
  const alive = await HubClient.start(hub.url, ALICE)
  for (let seconds = 0; seconds < 45; seconds += 15) {
    clock.advance(15_000)
    assert.equal((await alive.next()).type, HubMessageType.Ping)
    alive.send(bytes(ping))
    // A call is answered, so when its answer is here the ping before it was read as well.
    alive.send(Buffer.from('08950180a131a15890', 'hex'))
    assert.equal((await alive.next()).type, HubMessageType.Completion)
  }
  assert.equal((await silent.next()).type, HubMessageType.Ping)
  assert.deepEqual(await silent.next(), { type: HubMessageType.Close, error: null, allowReconnect: true })
  await within(silent.closed, 'the close')
  assert.equal(hub.door.connectionCount, 1)
})

test('a call with an id is answered with an error, one without is not', async () => {
  await using hub = await startHub()
  const device = await HubClient.start(hub.url, ALICE)
  const withoutId = Buffer.from('07950180c0a15890', 'hex')
  const withId = Buffer.from('08950180a131a15890', 'hex')
  device.send(Buffer.concat([withoutId, withId]))
  assert.deepEqual(await device.next(), {
    type: HubMessageType.Completion,
    invocationId: '1',
    outcome: { kind: ResultKind.Error, error: "Unknown hub method 'X'" },
  })
  assert.equal(device.frames.size, 0)
})

test('pings, text, unknown types and stray messages are passed over', async () => {
  await using hub = await startHub()
  const device = await HubClient.start(hub.url, ALICE)
  device.send('text')
  device.send(Buffer.from('02910602910a02910605930580a13103920824', 'hex'))
  device.send(bytes(encodeCompletion('1', { kind: ResultKind.Void })))
  device.send(Buffer.from('08950180a131a15890', 'hex'))
  assert.equal((await device.next()).type, HubMessageType.Completion)
})

test("a client's Close ends the connection without another word", async () => {
  await using hub = await startHub()
  const device = await HubClient.start(hub.url, ALICE)
  device.send(bytes(encodeClose()))
  assert.equal((await within(device.closed, 'the close')).code, 1000)
  assert.equal(device.frames.size, 0)
})

const broken: [name: string, data: Buffer<ArrayBuffer>][] = [
  ['a message that announces more than 32 KiB', Buffer.from('81800291', 'hex')],
  ['a length of more than 2 GiB', Buffer.from('ffffffff08', 'hex')],
  ['an empty message', Buffer.from('00', 'hex')],
  ['an invocation of four items', Buffer.from('06940180c0a158', 'hex')],
  ['bytes behind the message', Buffer.from('0391c0c0', 'hex')],
  ['a list that announces too much', bytes(frame(Buffer.from('950180c0a158ddffffffff', 'hex')))],
]
for (const [name, data] of broken) {
  test(`${name} closes that connection and no other`, async () => {
    await using hub = await startHub()
    const culprit = await HubClient.start(hub.url, ALICE)
    const bystander = await HubClient.start(hub.url, ALICE)
    culprit.send(data)
    assert.deepEqual(await culprit.next(), {
      type: HubMessageType.Close,
      error: 'Connection closed with an error.',
      allowReconnect: false,
    })
    assert.equal((await within(culprit.closed, 'the close')).code, 1000)
    hub.notifier.account('SyncSettings', ALICE, AT, null)
    assert.equal((await bystander.nextNotification()).Type, 10)
    assert.equal(culprit.frames.size, 0)
  })
}

const json = (text: string) => Buffer.from(`${text}\x1e`)
const brokenJson: [name: string, data: Buffer<ArrayBuffer>][] = [
  ['what is no JSON', json('hello')],
  ['an empty message', json('')],
  ['a list instead of an object', json('[1]')],
  ['a message without a type', json('{"target":"X"}')],
  ['a Completion with a result and an error', json('{"type":3,"invocationId":"1","result":1,"error":"e"}')],
  ['a list that is too long', json(`{"type":1,"target":"X","arguments":[${'0,'.repeat(1_000)}0]}`)],
  ['what is nested too deep', json(`{"type":1,"target":"X","arguments":${'['.repeat(500)}${']'.repeat(500)}}`)],
]
for (const [name, data] of brokenJson) {
  test(`in JSON, ${name} closes that connection and no other`, async () => {
    await using hub = await startHub()
    const culprit = await HubClient.start(hub.url, ALICE, 'json')
    const bystander = await HubClient.start(hub.url, ALICE, 'json')
    culprit.send(data.toString())
    assert.deepEqual(await culprit.next(), {
      type: HubMessageType.Close,
      error: 'Connection closed with an error.',
      allowReconnect: false,
    })
    assert.equal((await within(culprit.closed, 'the close')).code, 1000)
    hub.notifier.account('SyncSettings', ALICE, AT, null)
    assert.equal((await bystander.next()).type, HubMessageType.Invocation)
    assert.equal(culprit.frames.size, 0)
  })
}

test('a message that is spread over two WebSocket messages is read, and closes the connection beyond 32 KiB', async () => {
  await using hub = await startHub()
  for (const protocol of [messagePackProtocol(64, 1 << 20), jsonProtocol(64, 1 << 20)]) {
    const device = await HubClient.start(hub.url, ALICE, protocol.name)
    const say = (target: string) => {
      const call = protocol.encode({ type: HubMessageType.Invocation, invocationId: '1', target, arguments: [] })
      for (const part of [call.subarray(0, 20_000), call.subarray(20_000)]) device.send(bytes(part))
    }
    say('x'.repeat(30_000))
    assert.equal((await device.next()).type, HubMessageType.Completion)
    say('x'.repeat(40_000))
    assert.equal((await device.next()).type, HubMessageType.Close)
    assert.equal((await within(device.closed, 'the close')).code, 1000)
  }
})

test('a message over 32 KiB closes that connection with an error and 1009, and no other', async () => {
  await using hub = await startHub()
  const culprit = await HubClient.start(hub.url, ALICE)
  const bystander = await HubClient.start(hub.url, ALICE)
  culprit.send(Buffer.alloc(32_769))
  assert.deepEqual(await culprit.next(), {
    type: HubMessageType.Close,
    error: 'Connection closed with an error.',
    allowReconnect: false,
  })
  assert.equal((await within(culprit.closed, 'the close')).code, 1009)
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  assert.equal((await bystander.nextNotification()).Type, 10)
})

test('with too many connections of one user the oldest has to go, and not to come back by itself', async () => {
  await using hub = await startHub({ maxConnectionsPerUser: 2 })
  const oldest = await HubClient.start(hub.url, ALICE)
  const second = await HubClient.start(hub.url, ALICE)
  const third = await HubClient.start(hub.url, ALICE)
  const error = 'Too many connections of this user.'
  assert.deepEqual(await oldest.next(), { type: HubMessageType.Close, error, allowReconnect: false })
  await within(oldest.closed, 'the close')
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  assert.equal((await second.nextNotification()).Type, 10)
  assert.equal((await third.nextNotification()).Type, 10)
  assert.equal(hub.door.connectionCount, 2)
})

test('a device that left gets nothing more and is counted no more', async () => {
  await using hub = await startHub()
  const device = await HubClient.start(hub.url, ALICE)
  await device.close()
  await within(hub.everyoneGone(), 'the end of the connection')
  assert.equal(hub.publish(`vault.user.${ALICE}.SyncVault`, '{}'), 0)
})

test('draining says farewell to one connection after the other and takes nobody in', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const first = await HubClient.start(hub.url, ALICE)
  const second = await HubClient.start(hub.url, ALICE)
  const drained = hub.door.drain(10_000)
  await assert.rejects(HubClient.connect(hub.url, ALICE))
  assert.deepEqual(await first.next(), { type: HubMessageType.Close, error: null, allowReconnect: true })
  assert.equal((await within(first.closed, 'the close')).code, 1001)
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  assert.equal((await second.nextNotification()).Type, 10)
  clock.advance(5_000)
  assert.deepEqual(await second.next(), { type: HubMessageType.Close, error: null, allowReconnect: true })
  await within(drained, 'the end of the drain')
  assert.equal(hub.door.connectionCount, 0)
})
