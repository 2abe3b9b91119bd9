import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { PathRouter } from '#net'
import { FakeClock } from '../helpers/fake-clock.ts'
import { until } from '../helpers/wait.ts'
import { type CarrierServer, startWebSocketServer } from './carrier-server.ts'
import { RawSocket } from './raw-socket.ts'
import { RawWebSocket, upgradeRequest } from './raw-websocket.ts'

async function answerTo(server: CarrierServer, path: string): Promise<string> {
  const raw = await RawSocket.connect(server.address)
  raw.write(upgradeRequest({}, `GET ${path} HTTP/1.1`))
  const answer = await raw.readToEnd()
  raw.destroy()
  return answer
}

test('an upgrade goes to the door of its path, whatever its query', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  using _plain = await RawWebSocket.connect(server.address, '/stream')
  using _query = await RawWebSocket.connect(server.address, '/stream?a=/messages')
})

test('an upgrade to a path that no door has is told so and ended', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  for (const path of ['/', '/nowhere', '/stream/', '/Stream', '/x/stream', '/%73tream', '//stream', '*']) {
    assert.equal(
      await answerTo(server, path),
      [
        'HTTP/1.1 404 Not Found',
        'Content-Type: text/plain; charset=utf-8',
        'Sec-Websocket-Version: 13',
        'X-Content-Type-Options: nosniff',
        'Content-Length: 10',
        'Connection: close',
        '',
        'Not Found\n',
      ].join('\r\n'),
      path,
    )
  }
})

test('an objection is 403, and its words stay with the server', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  const answer = await answerTo(server, '/refused')
  assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/)
  assert.ok(!answer.includes('principle'))
})

test('a peer that was refused and does not go is cut', async () => {
  await using server = await startWebSocketServer({ clock: new FakeClock() })
  const raw = await RawSocket.connect(server.address)
  raw.write(upgradeRequest({}, 'GET /nowhere HTTP/1.1'))
  await raw.readToEnd()
  // Its own half is still open: only writing shows that nobody is there.
  const isNoticed = () => {
    raw.write('x')
    return raw.socket.destroyed
  }
  await until(isNoticed, 'the reset')
})

test('a request goes to whoever has its path, else to whoever has a folder above it, else to nobody', () => {
  const router = new PathRouter()
  const served: string[] = []
  router.addBelow('/push', { onRequest: () => served.push('folder') })
  router.add('/push/send', { onRequest: () => served.push('path') })
  router.add('/hub', { onUpgrade: () => served.push('upgrade') })
  const serve = (url: string) => router.handleRequest({ url, headers: {} } as IncomingMessage, {} as ServerResponse)
  for (const url of ['/push/send', '/push/send?x', '/push/delete/1', '/push/']) assert.equal(serve(url), true, url)
  assert.deepEqual(served, ['path', 'path', 'folder', 'folder'])
  for (const url of ['/push', '/pushed/x', '/x/push/y', '/hub', '*', '']) assert.equal(serve(url), false, url)
  assert.equal(served.length, 4)
})
