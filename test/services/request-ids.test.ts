/** Requests have ids: the client is told its own, and the log has it wherever something happens because of it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest, IncomingMessage } from 'node:http'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { queryObjects } from 'node:v8'
import { createLogger, type LoggerOptions } from '#ops'
import { login, loginForm, postForm, register, registerAndLogin } from '../helpers/account.ts'
import { startTestServer } from '../helpers/server.ts'
import { until, within } from '../helpers/wait.ts'

type Overrides = NonNullable<Parameters<typeof startTestServer>[0]>
type Line = Readonly<Record<string, unknown>>

const OURS = /^[0-9a-f]{8}-[0-9a-z]{6}$/
const EMAIL = 'alice@example.com'

async function start(overrides: Overrides = {}, level: LoggerOptions['level'] = 'debug') {
  const lines: Line[] = []
  const logger = createLogger({ level, destination: { write: (line) => void lines.push(JSON.parse(line)) } })
  const server = await startTestServer(overrides, logger)
  const idOf = async (where: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(server.webUrl + where, { headers })
    await answer.arrayBuffer()
    return answer.headers.get('x-request-id') ?? ''
  }
  /** The line with that event about that request, as soon as it is there. */
  const lineOf = (requestId: string | null, event: string) =>
    until(
      () => lines.find((line) => line.requestId === requestId && line.event === event),
      `the line "${event}" of request ${requestId}`,
    )
  return { server, lines, idOf, lineOf, [Symbol.asyncDispose]: () => server.close() }
}

/** What an upgrade is answered. */
async function upgrade(url: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; id: string | undefined }>()
  const asked = httpRequest(url, {
    agent: false,
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  })
  asked.on('error', reject)
  for (const event of ['upgrade', 'response'] as const) {
    asked.on(event, (answer) => {
      answer.destroy()
      resolve({ status: answer.statusCode ?? 0, id: answer.headers['x-request-id'] as string | undefined })
    })
  }
  asked.end()
  return within(promise, 'the answer')
}

test('every answer has an id, and sorted they stand in the order of their time', async () => {
  await using it = await start()
  const ids: string[] = []
  for (const where of ['/alive', '/api/config', '/nowhere', '/', '/notifications/hub', '/api/sync', '/alive']) {
    ids.push(await it.idOf(where))
  }
  // What Fastify answers before or without its hooks, and what the admin pages answer.
  for (const where of ['/api/%zz', '/admin/nothing', '/admin']) ids.push(await it.idOf(where))
  const Origin = 'file://'
  const preflight = { method: 'OPTIONS', headers: { Origin, 'Access-Control-Request-Method': 'GET' } }
  ids.push((await fetch(`${it.server.webUrl}/api/sync`, preflight)).headers.get('x-request-id') ?? '')
  for (const id of ids) assert.match(id, OURS)
  assert.deepEqual(ids.toSorted(), ids)
  assert.equal(new Set(ids).size, ids.length)
})

describe('an id that comes with a request', () => {
  test('is kept when a trusted proxy gave it and it is sane', async () => {
    await using it = await start()
    assert.equal(await it.idOf('/alive', { 'X-Request-Id': 'Proxy_1.a-b' }), 'Proxy_1.a-b')
    for (const insane of ['a b', 'x'.repeat(65), 'a"b', 'id;drop', 'ü']) {
      assert.match(await it.idOf('/alive', { 'X-Request-Id': Buffer.from(insane).toString('latin1') }), OURS)
    }
  })

  for (const [who, web] of [
    ['is no trusted proxy', { ipHeaderTrustedProxies: ['192.0.2.7'] }],
    ['comes where no header is believed', { ipHeader: 'none' }],
  ] as const) {
    test(`is replaced when who gave it ${who}`, async () => {
      await using it = await start({ web })
      assert.match(await it.idOf('/alive', { 'X-Request-Id': 'forged' }), OURS)
    })
  }
})

test('what is logged because of a request says of which one, also after its body was read', async () => {
  await using it = await start()
  await register({ server: it.server.webUrl, email: EMAIL })
  const form = loginForm({ email: EMAIL })
  const refused = await postForm(fetch, `${it.server.webUrl}/identity/connect/token`, form)
  const failed = await it.lineOf(refused.headers.get('x-request-id'), 'login failed')
  assert.equal(failed.room, 'vault')

  const device = await login({ server: it.server.webUrl, email: EMAIL })
  const loggedIn = it.lines.find(({ event }) => event === 'login')
  const line = await it.lineOf(String(loggedIn?.requestId), 'request')
  assert.equal(line.route, '/identity/connect/token')
  assert.equal(line.userId, device.userId)
  assert.equal(line.deviceId, device.deviceId)
})

test('a change and the line of its request have the same id; queries and ids in paths are in no line', async () => {
  await using it = await start()
  const device = await registerAndLogin({ server: it.server.webUrl })
  const made = await device.post('/api/folders', { name: device.encrypt('F') })
  const changed = await device.put(`/api/folders/${made.json.id}?x=secret-of-a-query`, { name: device.encrypt('G') })
  const line = await it.lineOf(changed.headers.get('x-request-id'), 'request')
  const { method, route, status, address, userId, deviceId, room, level, ms } = line
  assert.deepEqual(
    { method, route, status, address, userId, deviceId, room, level },
    {
      method: 'PUT',
      route: '/api/folders/:id',
      status: 200,
      address: '127.0.0.1',
      userId: device.userId,
      deviceId: device.deviceId,
      room: 'web',
      level: 'debug',
    },
  )
  assert.ok(typeof ms === 'number' && ms > 0 && ms < 10_000)
  const all = JSON.stringify(it.lines)
  assert.ok(!all.includes('secret-of-a-query') && !all.includes(made.json.id))
})

test('what the server failed is an error, whose id the user is told', async () => {
  await using it = await start({}, 'warn')
  const device = await registerAndLogin({ server: it.server.webUrl })
  const database = new DatabaseSync(path.join(it.server.dataFolder, 'db.sqlite3'))
  database.exec('DROP TABLE folders_ciphers; DROP TABLE folders')
  database.close()
  const failed = await device.post('/api/folders', { name: device.encrypt('F') })
  assert.equal(failed.status, 500)
  const id = failed.headers.get('x-request-id')
  assert.equal(failed.json.message, `An error has occurred on the server. (request ${id})`)
  assert.match(String((await it.lineOf(id, 'request failed')).error), /no such table/)
  const { level, status, route } = await it.lineOf(id, 'request failed by the server')
  assert.deepEqual({ level, status, route }, { level: 'error', status: 500, route: '/api/folders' })
})

describe('a request for a WebSocket', () => {
  test('has an id, too, taken or refused', async () => {
    await using it = await start()
    const device = await registerAndLogin({ server: it.server.webUrl })
    const hub = `${it.server.webUrl}/notifications/hub`
    const taken = await upgrade(`${hub}?access_token=${device.token.access_token}`)
    assert.equal(taken.status, 101)
    assert.match(taken.id!, OURS)
    assert.equal((await it.lineOf(taken.id!, 'request')).status, 101)

    const refused = await upgrade(hub)
    assert.equal(refused.status, 401)
    assert.equal((await it.lineOf(refused.id!, 'request')).route, '/notifications/hub')

    const nowhere = await upgrade(`${it.server.webUrl}/nowhere`, { 'X-Request-Id': 'from-the-proxy' })
    assert.deepEqual(nowhere, { status: 404, id: 'from-the-proxy' })
    assert.equal((await it.lineOf('from-the-proxy', 'request')).route, 'none')
  })

  test('for NATS as well', async () => {
    await using it = await start()
    const taken = await upgrade(it.server.webNatsUrl.replace('ws:', 'http:'))
    assert.equal(taken.status, 101)
    assert.equal((await it.lineOf(taken.id!, 'request')).route, '/nats')
  })

  test('is forgotten as soon as there is one, however long that stays', async () => {
    await using it = await start({}, 'info')
    const { token } = await registerAndLogin({ server: it.server.webUrl })
    const hub = `${it.server.webUrl.replace('http', 'ws')}/notifications/hub?access_token=${token.access_token}`
    const before = queryObjects(IncomingMessage, { format: 'count' })
    const sockets = Array.from({ length: 20 }, (_, i) => new WebSocket(i % 2 === 0 ? hub : it.server.webNatsUrl))
    await within(Promise.all(sockets.map((socket) => once(socket, 'open'))), 'the WebSockets')
    const kept = queryObjects(IncomingMessage, { format: 'count' }) - before
    assert.ok(kept < 5, `${kept} requests of 20 open connections are kept`)
    for (const socket of sockets) socket.close()
    await within(Promise.all(sockets.map((socket) => once(socket, 'close'))), 'their ends')
  })
})

describe('log_requests', () => {
  for (const [requests, level] of [
    ['all', 'info'],
    ['errors', 'debug'],
    ['none', undefined],
  ] as const) {
    test(`${requests}: an answered request is ${level ?? 'in no line'}`, async () => {
      await using it = await start({ log: { requests } })
      const id = await it.idOf('/alive')
      if (level !== undefined) {
        assert.equal((await it.lineOf(id, 'request')).level, level)
        return
      }
      await registerAndLogin({ server: it.server.webUrl })
      assert.ok(it.lines.some(({ event }) => event === 'login'))
      assert.ok(!it.lines.some(({ event }) => event === 'request'))
    })
  }
})

test('a client that does not wait for its answer is no failure of the server', async () => {
  await using it = await start({ log: { requests: 'all' } })
  const device = await registerAndLogin({ server: it.server.webUrl })
  const negotiate = `${it.server.webUrl}/notifications/hub/negotiate?negotiateVersion=1`
  const authorization = { Authorization: `Bearer ${device.token.access_token}` }
  const { connectionToken } = (await (
    await fetch(negotiate, { method: 'POST', headers: authorization })
  ).json()) as Record<string, string>
  const events = httpRequest(`${it.server.webUrl}/notifications/hub?id=${connectionToken}`, {
    headers: { ...authorization, Accept: 'text/event-stream', 'X-Request-Id': 'stream' },
  })
  events.on('error', () => {})
  events.on('response', () => events.destroy())
  events.end()
  const { status, level } = await it.lineOf('stream', 'request')
  assert.deepEqual({ status, level }, { status: 'aborted', level: 'info' })
})
