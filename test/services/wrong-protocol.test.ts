/** Who comes to the wrong port, and what it is told: as a user of curl, of a browser, of a NATS client sees it. */
import assert from 'node:assert/strict'
import { once as nodeOnce } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { connectTcp, connectWebSocket, WebSocket } from '../conformance/nats-clients.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { within } from '../helpers/wait.ts'
import { type Address, RawSocket } from '../net/raw-socket.ts'
import { block, ConfiguredServer, websockets } from './configured-server.ts'

let folder: TemporaryFolder
let server: ConfiguredServer
before(async () => {
  folder = await temporaryFolder()
  const { certFile, keyFile } = await (await TestAuthority.create(folder)).issue()
  const secure = `{ listen: "127.0.0.1:-1", tls { cert_file: "${certFile}", key_file: "${keyFile}" } }`
  server = await ConfiguredServer.start(websockets(block(), secure))
})
after(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const ONCE = { reconnect: false, maxReconnectAttempts: 0, timeout: 5_000 }
const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n'

/** All that the port answers to these bytes. */
async function answerOf(address: Address, bytes: string): Promise<string> {
  const socket = await RawSocket.connect(address)
  socket.write(bytes)
  const answer = await socket.readToEnd()
  socket.destroy()
  return answer
}

/** The error of the `ws` package. */
async function failureOf(url: string): Promise<string> {
  const socket = new WebSocket(url, { rejectUnauthorized: false })
  const [error] = (await within(nodeOnce(socket, 'error'), 'an error')) as [Error]
  return error.message
}

describe('a WebSocket port', () => {
  test('answers a request for a page with what it is', async () => {
    const response = await fetch(`http://127.0.0.1:${server.webSocket().port}/`)
    assert.equal(response.status, 400)
    assert.equal(
      await response.text(),
      'This port is for NATS over WebSocket; connect to it with a NATS client and a URL like ws://host:port\n',
    )
    await server.logged(/websocket handshake error/)
  })

  test('answers a NATS client that speaks first with what it is', async () => {
    for (const [block, portIs] of [
      [0, 'NATS over WebSocket'],
      [1, 'NATS over WebSocket with TLS'],
    ] as const) {
      const answer = await answerOf(server.webSocket(block), 'CONNECT {"verbose":false}\r\nPING\r\n')
      assert.equal(answer, `-ERR 'This port is for ${portIs}, not for NATS over TCP'\r\n`)
    }
    await server.logged(/speaks NATS over TCP to a port for NATS over WebSocket/)
    await server.logged(/TLS handshake error from .*: client speaks NATS over TCP/)
  })

  test('without TLS has TLS clients find that it speaks none', async () => {
    const { port } = server.webSocket()
    assert.match(await failureOf(`wss://127.0.0.1:${port}`), /wrong version number/)
    await server.logged(/speaks TLS to a port for NATS over WebSocket/)
  })

  test('with TLS tells plain HTTP so, and plain WebSocket clients get its 400', async () => {
    const { port } = server.webSocket(1)
    const response = await fetch(`http://127.0.0.1:${port}/`)
    assert.deepEqual(
      [response.status, await response.text()],
      [400, 'Client sent an HTTP request to an HTTPS server.\n'],
    )
    assert.equal(await failureOf(`ws://127.0.0.1:${port}`), 'Unexpected server response: 400')
    await server.logged(/TLS handshake error from .*: client sent an HTTP request to an HTTPS server/)
  })
})

describe('the TCP port', () => {
  test('tells HTTP and WebSocket where WebSocket is to be had', async () => {
    const at = `WebSocket is at ${server.webSocketUrl()}`
    for (const [request, what] of [
      ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP'],
      [UPGRADE, 'a WebSocket upgrade'],
    ] as const) {
      const text = `${what} on a port for NATS over TCP, ${at}`
      const answer = await answerOf(server.tcp, request)
      assert.equal(answer.slice(answer.indexOf('-ERR')), `-ERR 'Unknown Protocol Operation: ${text}'\r\n`)
      assert.equal((await server.logged(new RegExp(`"reason":"${what} on`))).fields.reason, text)
    }
  })

  test('a NATS client that comes with a WebSocket URL fails, and the log says why', async () => {
    await assert.rejects(connectWebSocket(server.natsUrl.replace('nats:', 'ws:'), ONCE), /connection refused/)
    await server.logged(/a WebSocket upgrade on a port for NATS over TCP/)
  })

  test('tells a NATS client that wants TLS that there is none', async () => {
    const tls = { rejectUnauthorized: false }
    await assert.rejects(connectTcp(server.natsUrl, { ...ONCE, tls }), /server does not support 'tls'/)
    await assert.rejects(
      connectTcp(server.natsUrl, { ...ONCE, tls: { ...tls, handshakeFirst: true } }),
      /wrong version number/,
    )
    await server.logged(/TLS on a port for plain NATS, whose listener has no \\"tls\\" in its configuration/)
  })
})
