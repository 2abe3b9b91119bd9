import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { encodeFrame, encodeMaskedFrame, Opcode } from '#wire/websocket'
import { FakeClock } from '../helpers/fake-clock.ts'
import { startWebSocketServer } from './carrier-server.ts'
import { MASK, RawWebSocket } from './raw-websocket.ts'

const { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } = Opcode
const status = (code: number, reason = '') => Buffer.from([code >> 8, code & 0xff, ...Buffer.from(reason)])

test('a stream is handed over as it comes, whatever frames it is cut into', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  using client = await RawWebSocket.connect(server.address, '/stream')
  const door = await server.accepted()
  client.frame(TEXT, 'one', { isFinal: false })
  client.frame(CONTINUATION, ' two')
  client.frame(BINARY, 'three')
  await door.until(() => door.events.join('').includes('three'), 'the stream')
  assert.equal(door.events.map((event) => event.replace('bytes ', '')).join(''), 'one twothree')
})

test('messages are handed over whole, and told apart', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  using client = await RawWebSocket.connect(server.address, '/messages')
  const door = await server.accepted()
  client.frame(TEXT, Buffer.from('grü'), { isFinal: false })
  client.frame(PING)
  client.frame(CONTINUATION, Buffer.from('ße'))
  client.frame(BINARY, '')
  await door.untilEvent('binary ')
  assert.deepEqual(door.events, ['text grüße', 'binary '])
})

test('a peer that is asked whether it has read everything says so by its pong, and by no other', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  using client = await RawWebSocket.connect(server.address, '/messages')
  const heard: string[] = []
  client.onPing = (payload) => heard.push(`ping ${payload} behind ${client.messages.length}`)
  const door = await server.accepted()
  door.carrier.write(encodeFrame(BINARY, Buffer.from('event')))
  door.carrier.askTaken?.()
  while (heard.length === 0) {
    await turnOver()
    client.listen()
  }
  assert.deepEqual(heard, ['ping read? behind 1'])
  client.frame(PONG)
  client.frame(PONG, 'by itself')
  client.frame(BINARY, 'alive')
  await door.untilEvent('binary alive')
  client.frame(PONG, 'read?')
  await door.untilEvent('taken')
  assert.deepEqual(door.events, ['binary alive', 'taken'])
})

test('a peer that says a lot is read at a bounded pace, and says all of it in the end', async () => {
  const clock = new FakeClock()
  await using server = await startWebSocketServer({ clock })
  using client = await RawWebSocket.connect(server.address, '/messages')
  const door = await server.accepted()
  const message = encodeMaskedFrame(BINARY, Buffer.alloc(1000, 'x'), MASK)
  client.raw.write(Buffer.concat(Array(600).fill(message)))
  const burst = 256 * 1024
  await door.until(() => door.events.length >= Math.floor(burst / message.length), 'what may come at once')
  for (let turns = 0; turns < 20; turns++) await turnOver()
  let last = door.events.length
  assert.ok(last <= (burst + 64 * 1024) / message.length, `${last} messages at once`)
  let seconds = 0
  for (; last < 600; seconds++) {
    clock.advance(1000)
    await door.until(() => door.events.length > last, 'more')
    for (let turns = 0; turns < 20; turns++) await turnOver()
    assert.ok(door.events.length - last <= (128 * 1024) / message.length, `${door.events.length - last} in a second`)
    last = door.events.length
  }
  assert.ok(seconds >= 4, `${seconds} s`)
  client.frame(BINARY, 'later')
  clock.advance(1000)
  await door.untilEvent('binary later')
})

test('a peer that is gone while it is not read leaves no timer', async () => {
  const clock = new FakeClock()
  await using server = await startWebSocketServer({ clock })
  using client = await RawWebSocket.connect(server.address, '/messages')
  const door = await server.accepted()
  client.raw.write(Buffer.concat(Array(400).fill(encodeMaskedFrame(BINARY, Buffer.alloc(1000, 'x'), MASK))))
  await door.until(() => clock.pending > 0, 'the rest')
  door.carrier.destroy()
  await door.closed()
  assert.equal(clock.pending, 0)
})

test('a message over the limit closes with 1009 before it has arrived', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock(), maxMessageBytes: 10 })
  using client = await RawWebSocket.connect(server.address, '/messages')
  const door = await server.accepted()
  client.frame(BINARY, 'six...', { isFinal: false })
  client.raw.write(encodeMaskedFrame(CONTINUATION, Buffer.alloc(5), MASK).subarray(0, 6))
  assert.deepEqual(await client.ended(), { code: 1009, reason: 'message too big' })
  assert.equal((await door.closed())?.message, 'message too big')
  assert.deepEqual(door.events, ['closing: message too big', 'closed'])
})

test('text that is not UTF-8 closes with 1007, but is only bytes to a stream', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  using messages = await RawWebSocket.connect(server.address, '/messages')
  messages.frame(TEXT, '\xff')
  assert.deepEqual(await messages.ended(), { code: 1007, reason: 'invalid utf8 in text message' })
  await server.accepted()
  using stream = await RawWebSocket.connect(server.address, '/stream')
  stream.frame(TEXT, '\xff')
  const door = await server.accepted()
  await door.untilEvent('bytes \xff')
})

test('what came before a violation is handed over, what comes behind it is not', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  using client = await RawWebSocket.connect(server.address, '/messages')
  const door = await server.accepted()
  const message = (text: string) => encodeMaskedFrame(TEXT, Buffer.from(text), MASK)
  client.raw.write(Buffer.concat([message('before'), Buffer.from([0xf2, 0x80, ...MASK]), message('behind')]))
  assert.equal((await client.ended()).code, 1002)
  await door.closed()
  assert.deepEqual(door.events, ['text before', 'closing: RSV2 and RSV3 must be clear', 'closed'])
})

test('a ping is answered ahead of the data that the turn ends with', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  using client = await RawWebSocket.connect(server.address, '/stream')
  const door = await server.accepted()
  const order: string[] = []
  client.onData = () => order.push(`after ${client.pongs.length} pongs`)
  client.raw.write(
    Buffer.concat([encodeMaskedFrame(BINARY, Buffer.from('x'), MASK), encodeMaskedFrame(PING, Buffer.from('p'), MASK)]),
  )
  await door.untilEvent('bytes x')
  // As an outbox does at the end of the turn.
  door.carrier.write(encodeFrame(BINARY, Buffer.from('answer')))
  await client.until(() => order.length > 0, 'the answer')
  assert.deepEqual(order, ['after 1 pongs'])
})

test('a flood of pings from a peer that does not read is not answered without bound', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  using client = await RawWebSocket.connect(server.address, '/stream')
  const door = await server.accepted()
  client.raw.socket.pause()
  const pings = Buffer.concat(Array.from({ length: 2000 }, () => encodeMaskedFrame(PING, Buffer.alloc(125), MASK)))
  let most = 0
  for (let i = 0; i < 80; i++) {
    if (!client.raw.write(pings)) await once(client.raw.socket, 'drain')
    most = Math.max(most, door.carrier.backlogBytes)
  }
  client.frame(BINARY, 'end')
  await door.until(() => door.events.length > 0, 'the end of the flood')
  most = Math.max(most, door.carrier.backlogBytes)
  assert.ok(most > 0 && most < 80 * 1024, `${most} bytes of pongs wait`)
})

test('a close by the server is flushed, has code and reason, and ends when the peer has answered', async () => {
  const clock = new FakeClock()
  await using server = await startWebSocketServer({ clock })
  using client = await RawWebSocket.connect(server.address, '/stream')
  const door = await server.accepted()
  door.carrier.write(encodeFrame(BINARY, Buffer.from('last words')))
  door.carrier.close(4000, 'enough')
  door.carrier.close(4001, 'again')
  door.carrier.write(encodeFrame(BINARY, Buffer.from('too late')))
  assert.deepEqual(await client.closeFrame(), { code: 4000, reason: 'enough' })
  client.frame(BINARY, 'too late as well')
  assert.equal(client.raw.hasEnded, false)
  client.frame(CLOSE, status(4000))
  await client.until(() => client.raw.hasEnded, 'the end')
  client.raw.socket.end()
  assert.equal(await door.closed(), undefined)
  assert.deepEqual(door.events, ['closed'])
  assert.deepEqual(
    client.messages.map(({ payload }) => payload),
    ['last words'],
  )
  assert.equal(clock.pending, 0, 'no timer is left')
})

test('a peer that never answers a close is cut after two seconds', async () => {
  const clock = new FakeClock()
  await using server = await startWebSocketServer({ clock })
  using client = await RawWebSocket.connect(server.address, '/stream')
  const door = await server.accepted()
  door.carrier.close(1001, 'Server Shutdown')
  assert.deepEqual(await client.closeFrame(), { code: 1001, reason: 'Server Shutdown' })
  clock.advance(1_999)
  client.frame(PING, 'still there?')
  client.frame(BINARY, 'and talking')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(client.raw.hasEnded, false)
  clock.advance(1)
  await client.until(() => client.raw.hasEnded, 'the end')
  await door.closed()
  assert.deepEqual([door.events, client.pongs, clock.pending], [['closed'], [], 0])
})

test('a close by the peer is answered with its status, behind the last words', async () => {
  const clock = new FakeClock()
  await using server = await startWebSocketServer({ clock })
  using client = await RawWebSocket.connect(server.address, '/stream')
  const door = await server.accepted()
  door.lastWords = encodeFrame(BINARY, Buffer.from('last words'))
  client.frame(CLOSE, status(4242, 'bye'))
  assert.deepEqual(await client.closeFrame(), { code: 4242, reason: 'bye' })
  assert.equal(client.messages[0]?.payload, 'last words')
  client.raw.socket.end()
  await door.closed()
  assert.deepEqual([door.events, clock.pending], [['closing', 'closed'], 0])
})

test('a peer that says goodbye and does not go is cut after two seconds', async () => {
  const clock = new FakeClock()
  await using server = await startWebSocketServer({ clock })
  using client = await RawWebSocket.connect(server.address, '/stream')
  const door = await server.accepted()
  client.frame(CLOSE)
  assert.deepEqual(await client.closeFrame(), { code: undefined, reason: '' })
  await door.untilEvent('closing')
  clock.advance(2_000)
  await door.closed()
})

test('a peer that ends its half without a word gets a farewell all the same: it may still read', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  using client = await RawWebSocket.connect(server.address, '/stream')
  const door = await server.accepted()
  client.raw.socket.end()
  assert.deepEqual(await client.closeFrame(), { code: 1000, reason: 'Client Closed' })
  await door.closed()
  assert.deepEqual(door.events, ['closing', 'closed'])
})

test('a paused carrier hands over nothing, a resumed one everything', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  using client = await RawWebSocket.connect(server.address, '/messages')
  const door = await server.accepted()
  door.carrier.pause(true)
  client.frame(TEXT, 'one')
  client.frame(TEXT, 'two')
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(door.events, [])
  door.carrier.pause(false)
  await door.untilEvent('text two')
  assert.deepEqual(door.events, ['text one', 'text two'])
})
