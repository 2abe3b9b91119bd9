/** What comes to the TCP port and is not NATS gets to know what this port is, and the operator too. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import tls from 'node:tls'
import { within } from '../../helpers/wait.ts'
import { RawSocket } from '../../net/raw-socket.ts'
import { upgradeRequest } from '../../net/raw-websocket.ts'
import { startDoor } from './door-server.ts'
import { connectTo } from './raw-client.ts'

async function answerTo(bytes: string | Buffer) {
  await using server = await startDoor()
  using client = await connectTo(server, 'TCP')
  client.say(bytes)
  await client.ended()
  const said = await client.hear(Number.POSITIVE_INFINITY)
  const [warning] = server.log.filter(({ level }) => level === 'warn')
  return { said, warned: String(warning?.fields.reason), webSocketUrl: `ws://127.0.0.1:${server.webSocket.port}` }
}

for (const request of [
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /a?b HTTP/1.0\r\n\r\n',
  'PUT /a HTTP/1.1\r\n',
  'CONNECT example.com:443 HTTP/1.1\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
]) {
  test(`${JSON.stringify(request.slice(0, 20))} is told that this is NATS over TCP, and where WebSocket is`, async () => {
    const { said, warned, webSocketUrl } = await answerTo(request)
    const what = `HTTP on a port for NATS over TCP, WebSocket is at ${webSocketUrl}`
    assert.equal(said, `-ERR 'Unknown Protocol Operation: ${what}'\r\n`)
    assert.equal(warned, what)
  })
}

test('a WebSocket upgrade is told so', async () => {
  const { said, warned } = await answerTo(upgradeRequest())
  assert.match(said, /^-ERR 'Unknown Protocol Operation: a WebSocket upgrade on a port for NATS over TCP, /)
  assert.match(warned, /^a WebSocket upgrade on /)
})

test('a TLS hello on a plain port is noticed', async () => {
  await using server = await startDoor()
  const raw = await RawSocket.connect(server.tcp)
  await raw.readThrough('\n')
  const secure = tls.connect({ socket: raw.socket, rejectUnauthorized: false })
  await within(once(secure, 'error'), 'the failure')
  assert.match(String(server.log.find(({ level }) => level === 'warn')?.fields.reason), /^TLS on a port for plain NATS/)
  raw.destroy()
})

for (const ordinary of [
  'CONNECT {"name":"GET / HTTP/1.1"}\r\nPING\r\n',
  'PING\r\n',
  'pub GET 13\r\n/ HTTP/1.1 x.\r\nPING\r\n',
]) {
  test(`${JSON.stringify(ordinary.slice(0, 20))} is NATS`, async () => {
    await using server = await startDoor()
    using client = await connectTo(server, 'TCP')
    client.say(ordinary)
    assert.match(await client.untilPong(), /PONG/)
    assert.deepEqual(
      server.log.filter(({ level }) => level === 'warn'),
      [],
    )
  })
}

test('over WebSocket the same bytes are just no operation', async () => {
  await using server = await startDoor()
  using client = await connectTo(server, 'WebSocket')
  client.say('GET / HTTP/1.1\r\n\r\n')
  assert.deepEqual(await client.ended(), { code: 1002, reason: 'Protocol Violation' })
  assert.equal(await client.hear(1), "-ERR 'Unknown Protocol Operation'\r\n")
})
