import assert from 'node:assert/strict'
import http from 'node:http'
import net from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { systemClock } from '#kit'
import { createWebServer, ensureLocalCertificate, Listener } from '#net'
import { temporaryFolder } from '../helpers/temp.ts'
import { once, within } from '../helpers/wait.ts'
import { RawSocket } from './raw-socket.ts'

const anyPort = { host: '127.0.0.1', port: 0 }
const answer: http.RequestListener = (_request, response) => void response.end('here')
const noUpgrade = () => assert.fail('upgraded')

test('a taken address is refused in one line that names it', async () => {
  const first = await Listener.open(net.createServer(), anyPort)
  await assert.rejects(Listener.open(net.createServer(), first.address), {
    name: 'ConfigError',
    message: `Cannot bind "127.0.0.1:${first.address.port}": address in use`,
  })
  await first.close(0)
})

test('the address of another machine is refused in one line', async () => {
  const other = { host: '192.0.2.1', port: 4222 }
  const message = 'Cannot bind "192.0.2.1:4222": this machine has no such address'
  await assert.rejects(Listener.open(net.createServer(), other), { name: 'ConfigError', message })
})

test('a connection that never finishes its TLS handshake does not hold the end up', async () => {
  await using folder = await temporaryFolder()
  const tls = await ensureLocalCertificate({ folder: folder.path, clock: systemClock })
  const listener = await Listener.open(createWebServer({ tls, onRequest: answer, onUpgrade: noUpgrade }), anyPort)
  const silent = net.connect(listener.address.port, '127.0.0.1')
  await once(silent, 'connect')
  const gone = once(silent, 'close')
  await within(listener.close(50), 'the listener to close', 2_000)
  await gone
})

test('a request under way may end within the grace', async () => {
  const { promise: asked, resolve: isAsked } = Promise.withResolvers<http.ServerResponse>()
  const server = createWebServer({ onRequest: (_request, response) => isAsked(response), onUpgrade: noUpgrade })
  const listener = await Listener.open(server, anyPort)
  const request = fetch(`http://127.0.0.1:${listener.address.port}/`, { headers: { Connection: 'close' } })
  const response = await asked
  const closed = listener.close(5_000)
  response.end('late, but here')
  assert.equal(await (await request).text(), 'late, but here')
  await closed
})

test('who was let in by the system before the end, and not yet by us, is answered', async () => {
  const listener = await Listener.open(createWebServer({ onRequest: answer, onUpgrade: noUpgrade }), anyPort)
  const client = net.connect(listener.address.port, '127.0.0.1')
  client.end('GET / HTTP/1.1\r\nHost: belfry\r\nConnection: close\r\n\r\n')
  // Right behind the system's `connect`, which Node calls in the next tick: no connection was taken since.
  const closing = Promise.withResolvers<void>()
  process.nextTick(() => closing.resolve(listener.close(5_000)))
  let said = ''
  for await (const chunk of client) said += chunk
  assert.match(said, /^HTTP\/1.1 200 /)
  await closing.promise
})

test('an upgrade to anything but a WebSocket is not taken, and the request answered as it is', async () => {
  const listener = await Listener.open(createWebServer({ onRequest: answer, onUpgrade: noUpgrade }), anyPort)
  const headers = {
    Connection: 'Upgrade, HTTP2-Settings',
    Upgrade: 'h2c',
    'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA',
  }
  const request = http.get({ host: '127.0.0.1', port: listener.address.port, headers })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  assert.equal(response.statusCode, 200)
  request.destroy()
  await listener.close(0)
})

test('a listener that was stopped takes nobody, keeps who is there, and can be opened again at its address', async () => {
  const server = net.createServer((socket) => void socket.pipe(socket))
  const listener = await Listener.open(server, anyPort)
  const { port } = listener.address
  const early = await RawSocket.connect(listener.address)
  early.write('a')
  await early.readThrough('a')
  listener.stop()
  listener.stop()
  assert.equal(listener.isListening, false)
  await assert.rejects(RawSocket.connect(listener.address), { code: 'ECONNREFUSED' })
  early.write('b')
  await early.readThrough('b')

  await listener.reopen()
  assert.deepEqual([listener.isListening, (server.address() as net.AddressInfo).port], [true, port])
  const late = await RawSocket.connect(listener.address)
  late.write('c')
  await late.readThrough('c')
  await within(Promise.all([listener.close(0), early.readToEnd(), late.readToEnd()]), 'the end of both')
})

test('a listener that was stopped closes when its last connection is gone', async () => {
  const listener = await Listener.open(net.createServer(), anyPort)
  const client = await RawSocket.connect(listener.address)
  listener.stop()
  let isClosed = false
  const closed = listener.close(60_000).then(() => {
    isClosed = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isClosed, false)
  client.destroy()
  await within(closed, 'the close')
})

test('an address that somebody else has taken meanwhile cannot be opened again, until it is free', async () => {
  const listener = await Listener.open(net.createServer(), anyPort)
  listener.stop()
  const other = await Listener.open(net.createServer(), listener.address)
  await assert.rejects(listener.reopen(), { name: 'ConfigError', message: /^Cannot bind .*: address in use$/ })
  assert.equal(listener.isListening, false)
  await other.close(0)
  await listener.reopen()
  assert.equal(listener.isListening, true)
  await listener.close(0)
})

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
)

test('0.0.0.0 is all of IPv4, and of IPv6 too where that is asked for', async () => {
  for (const isDualStack of [false, true]) {
    const listener = await Listener.open(net.createServer(), { host: '0.0.0.0', port: 0 }, { isDualStack })
    const { host, port } = listener.address
    assert.equal(host, '0.0.0.0')
    ;(await RawSocket.connect({ host: '127.0.0.1', port })).destroy()
    if (isDualStack && hasIpv6) (await RawSocket.connect({ host: '::1', port })).destroy()
    else await assert.rejects(RawSocket.connect({ host: '::1', port }))
    await listener.close(0)
  }
})
