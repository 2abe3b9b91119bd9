/** Compressed streams as WebSocket clients in use speak them: the `ws` package, and the one that Node has built in. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { WebSocket as WsClient } from 'ws'
import { once, within } from '../helpers/wait.ts'
import { isCompressed, startCompressingServer, writeBatch } from '../net/compressing-server.ts'

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** Of both kinds, below and above every threshold. */
const PAYLOADS = [1, 64, 65, 1000, 4096, 20_000, 70_000, 1_000_000].flatMap((length) => [
  Buffer.alloc(length, 'MSG orders.new 1 5\r\n'),
  randomBytes(length),
])

for (const [client, userAgent] of [
  ['a service', 'nats.js'],
  ['a browser', BROWSER],
] as const) {
  test(`the ws client, as ${client}, understands what we compress, and we it`, async () => {
    await using server = await startCompressingServer()
    const socket = new WsClient(`ws://127.0.0.1:${server.address.port}/stream`, {
      headers: { 'User-Agent': userAgent },
      perMessageDeflate: { threshold: 0 },
    })
    const received: Buffer[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const expected = Buffer.concat(PAYLOADS)
    socket.on('message', (data: Buffer) => {
      received.push(data)
      if (Buffer.concat(received).length >= expected.length) resolve()
    })
    await once(socket, 'open')
    assert.match(socket.extensions, /permessage-deflate/)
    const door = await server.accepted()
    assert.equal(isCompressed(door.carrier), true)
    for (const payload of PAYLOADS) writeBatch(door.carrier, payload)
    await within(promise, 'all that was written')
    assert.ok(Buffer.concat(received).equals(expected))

    let sent = ''
    for (let i = 0; i < 64; i++) {
      const lines = `PUB orders.${i} 5\r\nhello\r\n`.repeat(1 + (i % 9))
      sent += lines
      socket.send(Buffer.from(lines))
    }
    const heard = () => door.events.map((event) => event.replace('bytes ', '')).join('')
    await door.until(() => heard().length >= sent.length, 'the stream')
    assert.equal(heard(), sent)
    socket.close(1000, 'bye')
    const [code, reason] = await once(socket, 'close')
    assert.deepEqual([code, String(reason)], [1000, 'bye'])
  })
}

test('Node’s own client understands what we compress', async () => {
  await using server = await startCompressingServer()
  const socket = new WebSocket(`ws://127.0.0.1:${server.address.port}/stream`)
  socket.binaryType = 'arraybuffer'
  const received: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const expected = Buffer.concat(PAYLOADS)
  socket.addEventListener('message', ({ data }) => {
    received.push(Buffer.from(data as ArrayBuffer))
    if (Buffer.concat(received).length >= expected.length) resolve()
  })
  const door = await server.accepted()
  assert.equal(isCompressed(door.carrier), true)
  for (const payload of PAYLOADS) writeBatch(door.carrier, payload)
  await within(promise, 'all that was written')
  assert.ok(Buffer.concat(received).equals(expected))
  door.carrier.close(1001, 'Server Shutdown')
  await door.closed()
})
