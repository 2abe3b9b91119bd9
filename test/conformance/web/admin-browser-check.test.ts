/** What the admin pages find out from their browser, against real servers. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type WebSocket as Socket, WebSocketServer } from 'ws'
import { checkFromHere } from '../../../web/src/admin/browser-check.ts'
import type { Finding } from '../../../web/src/admin/findings.ts'
import { startTestServer } from '../../helpers/server.ts'

async function findingsOf(server: string): Promise<string[]> {
  const findings: Finding[] = []
  const tools = { fetch, WebSocket, now: () => performance.now(), signal: AbortSignal.timeout(20_000) }
  await checkFromHere(new URL(server), tools, (finding) => findings.push(finding))
  return findings.map(({ id, status }) => `${id}: ${status}`)
}

/** Answers /alive, and an upgrade as `onUpgrade` does. */
async function strangeServer(onUpgrade: (socket: Socket) => void) {
  const server = http.createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', onUpgrade)
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.dispose]() {
      for (const socket of sockets.clients) socket.terminate()
      server.close()
      server.closeAllConnections()
    },
  }
}

test('a server that can be reached in every way', async () => {
  await using server = await startTestServer({ hub: { keepAliveMs: 1_000, clientTimeoutMs: 10_000 } })
  const found = await findingsOf(`${server.webUrl}/`)
  assert.deepEqual(found, ['browser-http: ok', 'browser-websocket: ok', 'browser-hub: ok', 'browser-ping: ok'])
})

test('one below a path', async () => {
  await using server = await startTestServer({
    hub: { keepAliveMs: 1_000, clientTimeoutMs: 10_000 },
    vault: { domain: 'http://127.0.0.1/sub' },
  })
  assert.equal((await findingsOf(`${server.webUrl}/sub/`)).at(-1), 'browser-ping: ok')
})

test('one whose hub is off', async () => {
  await using server = await startTestServer({ web: { servesHub: false } })
  assert.deepEqual(await findingsOf(`${server.webUrl}/`), ['browser-http: ok', 'browser-websocket: fault'])
})

test('a WebSocket that is no hub’s', async () => {
  using server = await strangeServer((socket) => socket.send('hello\u001e'))
  const found = await findingsOf(server.url)
  assert.deepEqual(found, ['browser-http: ok', 'browser-websocket: ok', 'browser-hub: fault'])
})

test('a WebSocket that is closed at once', async () => {
  using server = await strangeServer((socket) => socket.close())
  const found = await findingsOf(server.url)
  assert.deepEqual(found, ['browser-http: ok', 'browser-websocket: ok', 'browser-hub: fault'])
})

test('nothing at all', async () => {
  const server = http.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  assert.deepEqual(await findingsOf(`http://127.0.0.1:${port}/`), ['browser-http: fault'])
})
