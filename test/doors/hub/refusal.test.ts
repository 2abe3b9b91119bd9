import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { HubSession } from '#doors/hub'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, type HubServer, startHub } from './hub-server.ts'

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

function knock(hub: HubServer, path: string, headers: Record<string, string> = {}): ClientRequest {
  return httpRequest({ port: hub.port, path, headers: { ...UPGRADE, ...headers } }).end()
}

/** The status of the answer, and its body unless it was 101. */
async function ask(hub: HubServer, path: string, headers: Record<string, string> = {}) {
  const request = knock(hub, path, headers)
  const accepted = once(request, 'upgrade').then(([response, socket]) => {
    socket.destroy()
    return { response: response as IncomingMessage, text: '' }
  })
  const refused = once(request, 'response').then(async ([response]) => ({
    response: response as IncomingMessage,
    text: await text(response),
  }))
  const { response, text: body } = await within(Promise.race([accepted, refused]), 'an answer')
  return { status: response.statusCode, type: response.headers['content-type'], text: body }
}

test('a token is taken from the query first, then from the header', async () => {
  await using hub = await startHub()
  const bearer = { Authorization: `Bearer ${ALICE}` }
  assert.equal((await ask(hub, `/notifications/hub?access_token=${ALICE}`)).status, 101)
  assert.equal((await ask(hub, '/notifications/hub', bearer)).status, 101)
  assert.equal((await ask(hub, '/notifications/hub', { Authorization: `bearer ${ALICE}` })).status, 101)
  assert.equal((await ask(hub, '/notifications/hub?access_token=', bearer)).status, 101)
  assert.equal((await ask(hub, '/notifications/hub?access_token=wrong', bearer)).status, 401)
})

test('without a valid token there is a 401 with a JSON error and no upgrade', async () => {
  await using hub = await startHub()
  const cases: [path: string, headers: Record<string, string>, message: string][] = [
    ['/notifications/hub', {}, 'Invalid claim'],
    ['/notifications/hub', { Authorization: 'Basic abc' }, 'Invalid claim'],
    ['/notifications/hub?access_token=expired', {}, 'Invalid token'],
    ['/notifications/hub', { Authorization: 'Bearer expired' }, 'Invalid token'],
  ]
  for (const [path, headers, message] of cases) {
    const { status, type, text: json } = await ask(hub, path, headers)
    assert.equal(status, 401)
    assert.equal(type, 'application/json')
    const body = JSON.parse(json)
    assert.equal(body.message, message)
    assert.deepEqual(body.errorModel, { message, object: 'error' })
  }
  assert.equal(hub.door.connectionCount, 0)
})

test('the token and the query are in no log line', async () => {
  await using hub = await startHub()
  const device = await HubClient.start(hub.url, `${ALICE}/topsecret`)
  device.send(Buffer.from('00', 'hex'))
  await within(device.closed, 'the close')
  await ask(hub, '/notifications/hub?access_token=topsecret')
  const log = hub.log.join('\n')
  assert.match(log, /hub connection opened/)
  assert.match(log, /protocol error/)
  assert.doesNotMatch(log, /access_token|hub\?|111\/topsecret/)
})

test('an authentication that fails or takes too long is an error of the server', async () => {
  const clock = new FakeClock()
  let answer = (): Promise<HubSession> => Promise.reject(new Error('database is gone'))
  const asked: (() => void)[] = []
  await using hub = await startHub({
    clock,
    authenticate: () => {
      asked.shift()?.()
      return answer()
    },
  })
  assert.equal((await ask(hub, `/notifications/hub?access_token=${ALICE}`)).status, 500)

  const { promise: isAsked, resolve } = Promise.withResolvers<void>()
  asked.push(resolve)
  answer = () => new Promise(() => {})
  const reply = ask(hub, `/notifications/hub?access_token=${ALICE}`)
  await within(isAsked, 'the question')
  clock.advance(30_000)
  assert.equal((await reply).status, 503)
})

test('a client that goes away while it is authenticated leaves nothing behind', async () => {
  const { promise: session, resolve: answer } = Promise.withResolvers<HubSession>()
  const { promise: isAsked, resolve: ask } = Promise.withResolvers<void>()
  await using hub = await startHub({
    authenticate: () => {
      ask()
      return session
    },
  })
  const socket = connect(hub.port, '127.0.0.1')
  const headers = Object.entries(UPGRADE).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET /notifications/hub?access_token=x HTTP/1.1\r\nHost: localhost\r\n${headers.join('')}\r\n`)
  await within(isAsked, 'the question')
  socket.resetAndDestroy()
  await once(socket, 'close')
  answer({ user: { id: ALICE }, device: { id: 'd1' } })
  // The server is still there, and nobody is connected for long.
  const device = await HubClient.start(hub.url, ALICE)
  await device.close()
  await within(hub.everyoneGone(), 'the end of the connections')
})

test('a request that is no WebSocket upgrade is refused and counts for nothing', async () => {
  await using hub = await startHub()
  const path = `/notifications/hub?access_token=${ALICE}`
  assert.equal((await ask(hub, path, { 'Sec-WebSocket-Key': 'short' })).status, 400)
  assert.equal(hub.door.connectionCount, 0)
})

test('one connection more than allowed is refused with 503', async () => {
  await using hub = await startHub({ maxConnections: 2 })
  await HubClient.start(hub.url, ALICE)
  await HubClient.start(hub.url, ALICE)
  assert.equal((await ask(hub, `/notifications/hub?access_token=${ALICE}`)).status, 503)
})
