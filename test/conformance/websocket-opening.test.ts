/** Streams that we open to a server that others use: that of the `ws` package. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { WebSocketServer } from 'ws'
import { within } from '../helpers/wait.ts'
import { compressionOf, writeBatch } from '../net/compressing-server.ts'
import { openStreamTo } from '../net/outgoing/stream-opener.ts'

/** Of both kinds, below and above every threshold. */
const PAYLOADS = [1, 64, 65, 1000, 4096, 20_000, 70_000, 1_000_000].flatMap((length) => [
  Buffer.alloc(length, 'LMSG orders.new 5\r\n'),
  randomBytes(length),
])
const ALL = Buffer.concat(PAYLOADS)

/** What we offer, and what it takes for granted of its own accord. */
const DEFLATE = { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true }

async function listen(perMessageDeflate: object | boolean) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  return {
    server,
    address: { host: '127.0.0.1', port },
    [Symbol.asyncDispose]: async () => {
      for (const client of server.clients) client.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

for (const [name, theirs, ours] of [
  ['as they are', false, {}],
  ['compressed', DEFLATE, { compression: compressionOf() }],
  ['compressed, of which the server wants nothing', false, { compression: compressionOf() }],
] as const) {
  test(`a server of ws understands what we send, and we it, ${name}`, async () => {
    await using ws = await listen(theirs)
    const { server, address } = ws
    const received: Buffer[] = []
    const { promise: complete, resolve: onComplete } = Promise.withResolvers<void>()
    const { promise: closed, resolve: onClosed } = Promise.withResolvers<readonly [number, string]>()
    let extensions = ''
    let compressed = 0
    server.on('connection', (socket) => {
      extensions = socket.extensions
      for (const payload of PAYLOADS) socket.send(payload)
      socket.on('message', (data: Buffer) => {
        received.push(data)
        compressed++
        if (Buffer.concat(received).length >= ALL.length) onComplete()
      })
      socket.on('close', (code, reason) => onClosed([code, reason.toString()]))
    })
    const { carrier, door } = await openStreamTo(address, {}, { ...ours, maxCompressedBytes: () => 2 ** 20 })
    assert.equal(carrier.agreed.isCompressed, theirs !== false)
    for (const payload of PAYLOADS) writeBatch(carrier, payload)
    await within(complete, 'all that was written')
    assert.ok(Buffer.concat(received).equals(ALL))
    assert.equal(extensions, theirs === false ? '' : 'permessage-deflate')
    const heard = () => Buffer.from(door.events.map((event) => event.slice('bytes '.length)).join(''), 'latin1')
    await door.until(() => heard().length >= ALL.length, 'all that was sent')
    assert.ok(heard().equals(ALL))
    carrier.close(1001, 'Server Shutdown')
    assert.deepEqual(await within(closed, 'goodbye'), [1001, 'Server Shutdown'])
    assert.equal(await door.closed(), undefined)
    assert.equal(compressed, PAYLOADS.length)
  })
}

test('a server of ws that keeps contexts is left', async () => {
  await using ws = await listen({ threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true })
  ws.server.on('headers', (headers) => {
    const at = headers.findIndex((line) => line.startsWith('Sec-WebSocket-Extensions'))
    headers[at] = 'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover'
  })
  await assert.rejects(openStreamTo(ws.address, {}, { compression: compressionOf() }), {
    message: 'invalid websocket connection: compression negotiation error',
  })
})

test('a server of ws that says goodbye is answered, and closes the connection first', async () => {
  await using ws = await listen(false)
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<number>()
  ws.server.on('connection', (socket) => {
    socket.on('close', onClosed)
    socket.on('message', () => socket.close(4000, 'bye'))
  })
  const { carrier, door } = await openStreamTo(ws.address)
  writeBatch(carrier, Buffer.from('hello'))
  assert.equal(await within(closed, 'goodbye'), 4000)
  assert.equal(await door.closed(), undefined)
  assert.deepEqual(door.events, ['closing', 'closed'])
})
