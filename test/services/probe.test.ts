/** The probe that `belfry doctor` asks, on every listener of a server. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { type Arrival, PROBE_HEADER } from '#net'
import { startTestServer } from '../helpers/server.ts'
import { once } from '../helpers/wait.ts'
import { RawWebSocket } from '../net/raw-websocket.ts'
import { ConfiguredServer, websocket } from './configured-server.ts'

const HEADERS = { [PROBE_HEADER]: 'headers' }
const ECHO = { [PROBE_HEADER]: 'websocket' }

/** By a connection of its own, as a request or an upgrade; `undefined` when somebody else answers. */
async function arrivalAt(url: string, more: Record<string, string> = {}): Promise<Arrival | undefined> {
  const request = http.get(url, { agent: false, headers: { ...HEADERS, ...more } })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const body = Buffer.concat(await response.toArray()).toString()
  return PROBE_HEADER.toLowerCase() in response.headers ? (JSON.parse(body) as Arrival) : undefined
}

test('the probe answers at each path of each listener, whoever owns it', async () => {
  const oldHub = { enabled: true, host: '127.0.0.1', port: 0 }
  await using server = await startTestServer({ oldHub, web: { nats: 'all' } })
  const { web, oldHub: old, websockets } = server.server.addresses
  for (const [address, path] of [
    [web, '/'],
    [web, '/notifications/hub'],
    [web, '/notifications/anonymous-hub'],
    [web, '/nats'],
    [web, '/api/config'],
    [old!, '/notifications/hub'],
    [websockets[0]!, '/any'],
  ] as const) {
    const arrival = await arrivalAt(`http://${address.host}:${address.port}${path}`)
    assert.deepEqual([arrival?.path, arrival?.client.address], [path, '127.0.0.1'])
    using echo = await RawWebSocket.connect(address, path, ECHO)
    echo.frame(1, 'still there?')
    await echo.until(() => echo.messages.length === 1, 'an echo')
    assert.equal(echo.messages[0]?.payload, 'still there?')
  }
})

test('the probe is off where it is switched off, for all listeners or for one', async () => {
  await using off = await startTestServer({ web: { answersProbes: false } })
  for (const url of [off.webUrl, off.webSocketUrl.replace('ws:', 'http:')]) {
    assert.equal(await arrivalAt(url), undefined)
    assert.equal(await arrivalAt(url, { Connection: 'Upgrade', Upgrade: 'websocket' }), undefined)
  }
})

test('a NATS server has it as well, and a reload switches it off', async () => {
  await using server = await ConfiguredServer.start(websocket())
  const url = server.webSocketUrl(0, 'http')
  const { port } = server.webSocket()
  assert.equal((await arrivalAt(url))?.client.header, 'X-Forwarded-For')
  using _echo = await RawWebSocket.connect(server.webSocket(), '/', ECHO)
  await server.reload(websocket('probe: false', port))
  assert.equal(await arrivalAt(url), undefined)
})

test('a server that ends says goodbye to the WebSockets of its probe', async () => {
  const server = await startTestServer()
  using echo = await RawWebSocket.connect(server.server.addresses.web, '/notifications/hub', ECHO)
  const closed = server.close()
  assert.deepEqual(await echo.ended(), { code: 1001, reason: 'the server is shutting down' })
  await closed
})
