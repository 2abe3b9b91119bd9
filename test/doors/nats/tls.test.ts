/** `websocket { tls { … } }` with a certificate as an operator has it: in two files. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { after, before, test } from 'node:test'
import tls from 'node:tls'
import { systemClock } from '#kit'
import { ensureLocalCertificate } from '#net'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { within } from '../../helpers/wait.ts'
import { RawSocket } from '../../net/raw-socket.ts'
import { RawWebSocket, upgradeRequest } from '../../net/raw-websocket.ts'
import { type RunningImplementation, startBelfry } from './implementations.ts'
import { OrderedReader, Run } from './ordered-reader.ts'
import { WebSocketClient } from './raw-client.ts'

let folder: TemporaryFolder
let server: RunningImplementation
let authority: string

before(async () => {
  folder = await temporaryFolder()
  const { certificatePem, keyPem, caFile } = await ensureLocalCertificate({ folder: folder.path, clock: systemClock })
  const [certFile, keyFile] = [folder.join('cert.pem'), folder.join('key.pem')]
  await Promise.all([writeFile(certFile, certificatePem), writeFile(keyFile, keyPem)])
  authority = await readFile(caFile, 'utf8')
  server = await startBelfry(`websocket {
    listen: "127.0.0.1:-1"
    tls { cert_file: "${certFile}", key_file: "${keyFile}" }
    handshake_timeout: "300ms"
    same_origin: true
  }`)
})
after(async () => {
  await server?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function connectTls(): Promise<tls.TLSSocket> {
  const socket = tls.connect({ ...server.webSocket, servername: 'localhost', ca: authority })
  await within(once(socket, 'secureConnect'), 'the TLS handshake')
  return socket
}

/** All that the other end says before it ends the connection. */
async function saidBy(socket: net.Socket): Promise<string> {
  let said = ''
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  await within(once(socket, 'close'), 'the end')
  return said
}

test('a client that trusts the authority speaks NATS over wss', async () => {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), authority])
  const socket = new WebSocket(`wss://localhost:${server.webSocket.port}`)
  const heard: string[] = []
  const { promise: answered, resolve } = Promise.withResolvers<void>()
  socket.addEventListener('message', async ({ data }) => {
    heard.push(await (data as Blob).text())
    if (heard.join('').includes('PONG')) resolve()
  })
  await within(once(socket as never, 'open'), 'the WebSocket')
  socket.send('CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a 2\r\nhi\r\nPING\r\n')
  await within(answered, 'the answer')
  const [info = '', ...answers] = heard.join('').split(/(?<=^INFO .*\r\n)/)
  const facts = JSON.parse(info.slice('INFO '.length))
  assert.equal(facts.tls_required, true)
  assert.equal(facts.tls_available, true)
  assert.equal(facts.port, server.webSocket.port)
  assert.equal(answers.join(''), 'MSG a 1 2\r\nhi\r\nPONG\r\n')
  socket.close()
  await within(once(socket as never, 'close'), 'the end')
})

test('large messages pass intact over wss, both ways', async () => {
  const socket = await RawWebSocket.upgrade(new RawSocket(await connectTls()))
  using client = await new WebSocketClient(socket).greeted()
  const run = new Run('big', 1_000_000)
  const reader = new OrderedReader(run)
  client.say('CONNECT {"verbose":false}\r\nSUB big 1\r\n')
  client.say(run.published(0, 8))
  await client.hearInto(reader, () => reader.count === 8)
  assert.deepEqual([reader.count, reader.rest.length], [8, 0])
})

test('the same origin is https here', async () => {
  for (const [origin, status] of [
    ['https://localhost', 101],
    ['http://localhost', 403],
    ['http://localhost:443', 403],
  ] as const) {
    const socket = await connectTls()
    socket.write(upgradeRequest({ Origin: origin }))
    const [answer] = (await within(once(socket, 'data'), 'the answer')) as [Buffer]
    assert.equal(Number(answer.toString().split(' ')[1]), status, origin)
    socket.destroy()
  }
})

test('a client that never begins the TLS handshake is cut after handshake_timeout', async () => {
  const started = performance.now()
  assert.equal(await saidBy(net.connect(server.webSocket)), '')
  assert.ok(performance.now() - started > 250)
})

test('a client that never asks for the upgrade is cut after handshake_timeout', async () => {
  const socket = await connectTls()
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n')
  const said = await saidBy(socket)
  assert.match(said, /^(HTTP\/1\.1 408 Request Timeout\r\n|$)/)
})

test('a client that was let in is not cut after handshake_timeout', async () => {
  const socket = await connectTls()
  socket.write(upgradeRequest())
  await within(once(socket, 'data'), 'the 101')
  const cut = saidBy(socket)
  const waited = new Promise((resolve) => setTimeout(resolve, 700, 'still here'))
  assert.equal(await Promise.race([cut, waited]), 'still here')
  socket.destroy()
  await cut
})

test('plain HTTP is not understood, and costs nobody else anything', async () => {
  const socket = net.connect(server.webSocket)
  socket.write(upgradeRequest())
  assert.ok(!(await saidBy(socket)).includes('101'))
  const other = await connectTls()
  other.destroy()
})
