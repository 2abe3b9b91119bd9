/** What a client is told that comes at the wrong time, by the wrong way, or as somebody else. spec: hub §1.2 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { until, within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, BOB, type HubServer, startHub } from './hub-server.ts'
import {
  type Answer,
  type AskOptions,
  ask,
  askToUpgrade,
  EventStream,
  HUB,
  JSON_HANDSHAKE,
  negotiate,
  PollingClient,
  send,
  wholeAnswer,
} from './requests.ts'

const EVENTS = { Accept: 'text/event-stream' }
const UNKNOWN = `${HUB}?id=AAAAAAAAAAAAAAAAAAAAAA`

/** Sends all its requests on one connection. */
class KeptAgent extends Agent implements Disposable {
  constructor() {
    super({ keepAlive: true, maxSockets: 1 })
  }

  [Symbol.dispose](): void {
    this.destroy()
  }
}

type Asking = (hub: HubServer, path: string, options?: AskOptions) => Promise<Answer>

const poll: Asking = (hub, path, options) => ask(hub, 'GET', path, options)
const post: Asking = (hub, path, options) => ask(hub, 'POST', path, { body: 'x', ...options })
const remove: Asking = (hub, path, options) => ask(hub, 'DELETE', path, options)
const stream: Asking = (hub, path, options) => ask(hub, 'GET', path, { headers: EVENTS, ...options })

const requests: [name: string, asking: Asking][] = [
  ['a poll', poll],
  ['a POST', post],
  ['a DELETE', remove],
  ['a stream', stream],
]

function assertText({ status, headers, text }: Answer, expected: number, words: string): void {
  assert.equal(status, expected)
  assert.match(headers['content-type'] ?? '', /^text\/plain/)
  assert.equal(text.trim(), words)
}

test('a WebSocket request from which a proxy took the upgrade is logged, not more often than every ten minutes', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const warnings = () => hub.log.filter((line) => line.includes('WebSocket request without its upgrade'))
  const headers = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }
  const asking = () => poll(hub, `${HUB}?access_token=${ALICE}`, { headers })
  await poll(hub, HUB)
  assert.deepEqual(warnings(), [])
  for (let i = 0; i < 3; i++) assertText(await asking(), 400, 'Connection ID required')
  assert.equal(warnings().length, 1)
  assert.match(warnings()[0]!, /"todo":"have the proxy pass the headers Upgrade and Connection on, by HTTP.1\.1"/)
  assert.ok(!warnings()[0]!.includes(ALICE))
  clock.advance(10 * 60_000)
  await asking()
  assert.equal(warnings().length, 2)
})

for (const [name, asking] of requests) {
  test(`${name} without an id is told that one is required`, async () => {
    await using hub = await startHub()
    assertText(await asking(hub, HUB), 400, 'Connection ID required')
    assertText(await asking(hub, `${HUB}?id=`), 400, 'Connection ID required')
  })

  test(`${name} with an id that nobody has is told so`, async () => {
    await using hub = await startHub()
    assertText(await asking(hub, UNKNOWN), 404, 'No Connection with that ID')
  })

  test(`${name} without a valid token is 401, whether or not there is such a connection`, async () => {
    await using hub = await startHub()
    await using client = await PollingClient.start(hub)
    for (const path of [UNKNOWN, client.path]) {
      for (const token of ['', 'expired']) {
        const { status, text } = await asking(hub, path, { token })
        assert.equal(status, 401)
        assert.equal(JSON.parse(text).message, token === '' ? 'Invalid claim' : 'Invalid token')
      }
    }
    assert.equal(hub.door.connectionCount, 1)
  })

  test(`${name} of another user is told no more than that there is no such connection`, async () => {
    await using hub = await startHub()
    await using client = await PollingClient.start(hub)
    for (const path of [await negotiate(hub), client.path]) {
      assertText(await asking(hub, path, { token: BOB }), 404, 'No Connection with that ID')
    }
    assert.equal(hub.door.connectionCount, 1)
  })
}

test('a WebSocket with an id that nobody has, or somebody else, is told so', async () => {
  await using hub = await startHub()
  assertText(await askToUpgrade(hub, UNKNOWN), 404, 'No Connection with that ID')
  assertText(await askToUpgrade(hub, await negotiate(hub), { token: BOB }), 404, 'No Connection with that ID')
  assert.equal((await askToUpgrade(hub, await negotiate(hub), { token: '' })).status, 401)
})

test('a negotiated WebSocket has its connection for itself', async () => {
  await using hub = await startHub()
  const path = await negotiate(hub)
  const device = await HubClient.start(`ws://127.0.0.1:${hub.port}${path}`, ALICE)
  assert.equal((await askToUpgrade(hub, path)).status, 409)
  assertText(await post(hub, path), 405, 'POST requests are not allowed for WebSocket connections.')
  assertText(await remove(hub, path), 400, 'Cannot terminate this connection using the DELETE endpoint.')
  assertText(await poll(hub, path), 400, 'Cannot change transports mid-connection')
  assertText(await stream(hub, path), 400, 'Cannot change transports mid-connection')
  hub.notifier.account('SyncSettings', ALICE, new Date(), null)
  assert.equal((await device.nextNotification()).Type, 10)
  await device.close()
  await within(hub.everyoneGone(), 'the end of the connection')
  assert.equal((await askToUpgrade(hub, path)).status, 404)
})

test('a stream has its connection for itself', async () => {
  await using hub = await startHub()
  const events = await EventStream.start(hub)
  assert.equal((await stream(hub, events.path)).status, 409)
  assertText(await poll(hub, events.path), 400, 'Cannot change transports mid-connection')
  assertText(await askToUpgrade(hub, events.path), 400, 'Cannot change transports mid-connection')
  assertText(await remove(hub, events.path), 400, 'Cannot terminate this connection using the DELETE endpoint.')
  hub.notifier.account('SyncSettings', ALICE, new Date(), null)
  assert.match(await events.next(), /"type":10/)
  events.destroy()
  await within(hub.everyoneGone(), 'the end of the connection')
  assert.equal((await stream(hub, events.path)).status, 404)
  assert.equal((await post(hub, events.path)).status, 404)
})

test('a polling client may neither stream nor upgrade', async () => {
  await using hub = await startHub()
  const client = await PollingClient.start(hub)
  assertText(await stream(hub, client.path), 400, 'Cannot change transports mid-connection')
  assertText(await askToUpgrade(hub, client.path), 400, 'Cannot change transports mid-connection')
  hub.notifier.account('SyncSettings', ALICE, new Date(), null)
  assert.match((await client.poll()).text, /"type":10/)
  assert.equal((await client.leave()).status, 202)
  for (const [, asking] of requests) assert.equal((await asking(hub, client.path)).status, 404)
})

test('what is said before there is a transport is heard when it is there', async () => {
  await using hub = await startHub()
  for (const inPieces of [false, true]) {
    const path = await negotiate(hub)
    const pieces = inPieces ? [JSON_HANDSHAKE.slice(0, 9), JSON_HANDSHAKE.slice(9)] : [JSON_HANDSHAKE]
    for (const body of pieces) assertText(await post(hub, path, { body }), 200, '')
    assertText(await poll(hub, path), 200, '')
    const { status, text } = await poll(hub, path)
    assert.deepEqual([status, text], [200, '{}\x1e'])
    assert.equal((await remove(hub, path)).status, 202)
  }
  const path = await negotiate(hub)
  assertText(await post(hub, path, { body: JSON_HANDSHAKE }), 200, '')
  const events = send(hub, 'GET', path, { headers: EVENTS })
  const [response] = await within(once(events, 'response'), 'the stream')
  let heard = ''
  response.setEncoding('utf8').on('data', (text: string) => {
    heard += text
  })
  await until(() => heard.includes('data: {}\x1e\n\n'), 'the answer')
  events.destroy()
})

test('not more is kept of it than a handshake has at most', async () => {
  await using hub = await startHub()
  const path = await negotiate(hub)
  assert.equal((await post(hub, path, { body: ' '.repeat(4_000) })).status, 200)
  assert.equal((await post(hub, path, { body: ' '.repeat(97) })).status, 413)
  assert.equal((await post(hub, path, { body: JSON_HANDSHAKE })).status, 200)
  assert.equal((await poll(hub, path)).status, 200)
  assert.equal((await poll(hub, path)).text, '{}\x1e')
  await remove(hub, path)
})

test('what is said before a WebSocket comes is nothing to it', async () => {
  await using hub = await startHub()
  const path = await negotiate(hub)
  assert.equal((await post(hub, path, { body: JSON_HANDSHAKE })).status, 200)
  const device = await HubClient.start(`ws://127.0.0.1:${hub.port}${path}`, ALICE)
  hub.notifier.account('SyncSettings', ALICE, new Date(), null)
  assert.equal((await device.nextNotification()).Type, 10)
})

test('a slash at the end of the path does not matter', async () => {
  await using hub = await startHub()
  const device = await HubClient.start(hub.url.replace(HUB, `${HUB}/`), ALICE)
  hub.notifier.account('SyncSettings', ALICE, new Date(), null)
  assert.equal((await device.nextNotification()).Type, 10)
  const path = (await negotiate(hub)).replace(HUB, `${HUB}/`)
  assertText(await poll(hub, path), 200, '')
  assert.equal((await remove(hub, path)).status, 202)
})

test('a negotiated connection without a transport cannot be ended', async () => {
  await using hub = await startHub()
  const path = await negotiate(hub)
  assert.equal((await remove(hub, path)).status, 400)
  assert.equal((await poll(hub, path)).status, 200)
  await remove(hub, path)
})

test('a hub has four methods', async () => {
  await using hub = await startHub()
  for (const method of ['PUT', 'PATCH', 'HEAD', 'TRACE']) {
    const { status, headers } = await ask(hub, method, await negotiate(hub))
    assert.equal(status, 405, method)
    assert.equal(headers.allow, 'GET, POST, DELETE, OPTIONS')
  }
})

test('the anonymous hub is served in the same ways, without a token', async () => {
  await using hub = await startHub()
  const path = '/notifications/anonymous-hub'
  const query = 'Token=55555555-5555-4555-8555-555555555555'
  const { text } = await ask(hub, 'POST', `${path}/negotiate?${query}&negotiateVersion=1`, { token: '' })
  const id = JSON.parse(text).connectionToken
  assert.equal((await ask(hub, 'GET', `${path}?${query}&id=${id}`, { token: '' })).status, 200)
  assert.equal((await ask(hub, 'GET', `${path}?id=${id}`, { token: '' })).status, 400, 'who asks must say for what')
  assert.equal((await ask(hub, 'GET', `${HUB}?id=${id}`)).status, 404, 'each hub has connections of its own')
  assert.equal((await ask(hub, 'DELETE', `${path}?${query}&id=${id}`, { token: '' })).status, 202)
})

test('requests on one connection leave nothing behind on it', async () => {
  await using hub = await startHub()
  await using client = await PollingClient.start(hub)
  using agent = new KeptAgent()
  const warnings: Error[] = []
  const onWarning = (warning: Error) => void warnings.push(warning)
  process.on('warning', onWarning)
  const sockets = new Set<unknown>()
  for (let i = 0; i < 30; i++) {
    const request = send(hub, 'POST', client.path, { body: '{"type":6}\x1e', agent })
    assert.equal((await wholeAnswer(request)).status, 200)
    sockets.add(request.socket)
  }
  process.off('warning', onWarning)
  assert.equal(sockets.size, 1)
  assert.deepEqual(warnings, [])
})

test('many requests at once on one connection are answered in order, and leave nothing behind on it', async () => {
  const { promise: isLetIn, resolve: letIn } = Promise.withResolvers<void>()
  await using hub = await startHub({
    authenticate: async () => {
      await isLetIn
      return undefined
    },
  })
  const warnings: Error[] = []
  const onWarning = (warning: Error) => void warnings.push(warning)
  process.on('warning', onWarning)
  const socket = connect(hub.port, '127.0.0.1')
  const last = hub.nextRequest()
  const requests = Array.from(
    { length: 30 },
    (_, i) => `GET ${HUB}?id=${i} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n`,
  )
  socket.write(requests.join(''))
  await within(last, 'the requests')
  letIn()
  let answers = ''
  while (answers.split('HTTP/1.1 401').length <= requests.length)
    answers += (await within(once(socket, 'data'), 'answers'))[0]
  process.off('warning', onWarning)
  socket.destroy()
  assert.deepEqual(warnings, [])
})
