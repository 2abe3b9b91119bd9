import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeHandshakeRequest, HubMessageType } from '#wire/signalr'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, startHub } from './hub-server.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')

test('an event before the handshake is neither lost nor sent before the reply', async () => {
  await using hub = await startHub()
  const device = await HubClient.connect(hub.url, ALICE)
  hub.notifier.folder('SyncFolderUpdate', { id: 'f1', userId: ALICE, revisionDate: AT }, null)
  device.shakeHands()
  const first = await device.nextFrame()
  assert.equal(first.subarray(0, 3).toString('latin1'), '{}\x1e')
  assert.equal(first.includes('ReceiveMessage'), true)
})

test('many events before the handshake become one SyncVault', async () => {
  await using hub = await startHub()
  const device = await HubClient.connect(hub.url, ALICE)
  for (let i = 0; i < 1000; i++) {
    hub.notifier.folder('SyncFolderUpdate', { id: `f${i}`, userId: ALICE, revisionDate: AT }, 'another device')
  }
  device.shakeHands()
  const text = (await device.nextFrame()).toString('latin1')
  assert.equal(text.split('ReceiveMessage').length - 1, 1)
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  assert.equal((await device.nextNotification()).Type, 10)
})

test('a device that is to log out before its handshake is told, and nothing after it', async () => {
  await using hub = await startHub()
  const device = await HubClient.connect(hub.url, ALICE)
  hub.notifier.account('SyncVault', ALICE, AT, null)
  hub.notifier.account('LogOut', ALICE, AT, null)
  hub.notifier.account('SyncVault', ALICE, AT, null)
  device.shakeHands()
  const text = (await device.nextFrame()).toString('latin1')
  assert.equal(text.split('ReceiveMessage').length - 1, 1)
  assert.ok(text.includes('Type\x0b'), 'type 11')
  assert.ok(text.endsWith('\x03\x92\x07\xc0'), 'a Close ends it')
  assert.equal((await within(device.closed, 'the close')).code, 1000)
})

for (const version of [1, 2]) {
  test(`version ${version} is accepted, as text and as bytes`, async () => {
    await using hub = await startHub()
    const request = encodeHandshakeRequest({ protocol: 'messagepack', version })
    for (const data of [request.toString(), Buffer.from(request)]) {
      const device = await HubClient.connect(hub.url, ALICE)
      device.send(data)
      assert.equal((await device.nextFrame()).toString('latin1'), '{}\x1e')
    }
  })
}

const refused: [name: string, request: string, error: string][] = [
  ['another protocol', '{"protocol":"blazorpack","version":1}\x1e', "The protocol 'blazorpack' is not supported."],
  [
    'another version',
    '{"protocol":"messagepack","version":9}\x1e',
    "The server does not support version 9 of the 'messagepack' protocol.",
  ],
  ['no handshake at all', '\x02\x91\x06', 'An unexpected error occurred during connection handshake.'],
]
for (const [name, request, error] of refused) {
  test(`${name} is refused with the reason`, async () => {
    await using hub = await startHub()
    const device = await HubClient.connect(hub.url, ALICE)
    device.send(Buffer.from(request, 'latin1'))
    assert.equal((await device.nextFrame()).toString(), `${JSON.stringify({ error })}\x1e`)
    assert.equal((await within(device.closed, 'the close')).code, 1000)
  })
}

test('a device that does not shake hands within 15 seconds is let go', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const device = await HubClient.connect(hub.url, ALICE)
  clock.advance(14_000)
  assert.equal(device.frames.size, 0)
  clock.advance(1_000)
  assert.equal((await device.nextFrame()).toString(), '{"error":"Handshake was canceled."}\x1e')
  await within(device.closed, 'the close')
})

test('messages that follow the handshake in the same frame are read', async () => {
  await using hub = await startHub()
  const device = await HubClient.connect(hub.url, ALICE)
  const call = Buffer.from('08950180a131a15890', 'hex')
  device.send(Buffer.concat([encodeHandshakeRequest({ protocol: 'messagepack', version: 1 }), call]))
  const reply = await device.nextFrame()
  assert.ok(reply.includes("Unknown hub method 'X'"))
  assert.equal(HubMessageType.Completion, reply[5])
})
