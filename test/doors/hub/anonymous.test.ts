/** The hub of those who are not logged in yet: what they are told, when, and how many they may be. */
import assert from 'node:assert/strict'
import { get } from 'node:http'
import { test } from 'node:test'
import { HubMessageType, type HubProtocol } from '#wire/signalr'
import { AuthResponses } from '../../../src/doors/hub/bitwarden/auth-responses.ts'
import { HubEvent } from '../../../src/doors/hub/hub-event.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { within } from '../../helpers/wait.ts'
import * as vectors from '../../vectors/signalr.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, BOB, type HubServer, startHub } from './hub-server.ts'

const REQUEST = '55555555-5555-4555-8555-555555555555'
const OTHER_REQUEST = '66666666-6666-4666-8666-666666666666'
const REGISTRATION_MS = 1_000
const KEPT_MS = 5 * 60_000
const DAY_MS = 24 * 60 * 60_000

async function startWithClock(options: Parameters<typeof startHub>[0] = {}): Promise<HubServer & { clock: FakeClock }> {
  const clock = new FakeClock()
  return { ...(await startHub({ clock, ...options })), clock }
}

const urlFor = ({ url }: HubServer, query: string) => url.replace('/hub', `/anonymous-hub${query}`)

const waitFor = (hub: HubServer, token = REQUEST, protocol?: HubProtocol['name']) =>
  HubClient.start(urlFor(hub, `?Token=${token}`), '', protocol)

function answer(hub: HubServer, requestId = REQUEST, userId = ALICE): void {
  const notification = { ContextId: 'phone', Type: 16, Payload: { UserId: userId, Id: requestId } }
  hub.publish(`vault.anonymous.${requestId}`, JSON.stringify(notification))
}

async function nextAnswer(client: HubClient): Promise<unknown> {
  const message = await client.next()
  assert.ok(message.type === HubMessageType.Invocation, `got a message of type ${message.type}`)
  assert.equal(message.target, 'AuthRequestResponseRecieved')
  assert.equal(message.arguments.length, 1)
  return message.arguments[0]
}

const answerOf = (userId: string, id = REQUEST) => ({ Type: 16, Payload: { Id: id, UserId: userId }, UserId: userId })

/** A message that is answered at once, so that what came before its answer came before. */
async function assertNothingBefore(client: HubClient): Promise<void> {
  client.send(Buffer.from('08950180a131a15890', 'hex'))
  assert.equal((await client.next()).type, HubMessageType.Completion)
}

test('the bytes of an answer are those of the real server', async () => {
  await using hub = await startWithClock()
  const client = await waitFor(hub)
  hub.clock.advance(REGISTRATION_MS)
  answer(hub)
  const { hex } = vectors.notifications.find(({ target }) => target === 'AuthRequestResponseRecieved')!
  assert.equal((await client.nextFrame()).toString('hex'), hex)
})

test('all who wait for one request are told, in either protocol, and nobody who waits for another', async () => {
  await using hub = await startWithClock()
  const clients = [await waitFor(hub), await waitFor(hub)]
  const inJson = await waitFor(hub, REQUEST, 'json')
  const stranger = await waitFor(hub, OTHER_REQUEST)
  const user = await HubClient.start(hub.url, ALICE)
  hub.clock.advance(REGISTRATION_MS)
  answer(hub)
  for (const client of clients) assert.deepEqual(await nextAnswer(client), answerOf(ALICE))
  const payload = { id: REQUEST, userId: ALICE }
  assert.deepEqual(await nextAnswer(inJson), { type: 16, payload, userId: ALICE })
  await assertNothingBefore(stranger)
  await assertNothingBefore(user)
})

test('an answer that came before its client could hear is told a second after the handshake, once', async () => {
  await using hub = await startWithClock()
  answer(hub)
  const client = await waitFor(hub)
  hub.clock.advance(REGISTRATION_MS - 1)
  await assertNothingBefore(client)
  hub.clock.advance(1)
  assert.deepEqual(await nextAnswer(client), answerOf(ALICE))
  hub.clock.advance(2 * REGISTRATION_MS)
  await assertNothingBefore(client)
})

test('an answer in the second after the handshake is told at its end; of several, the last', async () => {
  await using hub = await startWithClock()
  const client = await waitFor(hub)
  answer(hub)
  answer(hub, REQUEST, BOB)
  await assertNothingBefore(client)
  hub.clock.advance(REGISTRATION_MS)
  assert.deepEqual(await nextAnswer(client), answerOf(BOB))
  await assertNothingBefore(client)
})

test('an answer is kept for five minutes, for whoever comes', async () => {
  await using hub = await startWithClock()
  answer(hub)
  hub.clock.advance(KEPT_MS - REGISTRATION_MS - 1)
  const early = [await waitFor(hub), await waitFor(hub)]
  hub.clock.advance(REGISTRATION_MS)
  for (const client of early) assert.deepEqual(await nextAnswer(client), answerOf(ALICE))
  const late = await waitFor(hub)
  hub.clock.advance(REGISTRATION_MS)
  await assertNothingBefore(late)
})

test('of too many answers the oldest goes first', () => {
  const responses = new AuthResponses()
  const event = new HubEvent(() => Buffer.alloc(0))
  for (let i = 0; i < 4_097; i++) responses.keep(`request ${i}`, event, i)
  responses.keep('request 1', event, 4_097)
  responses.keep('one more', event, 4_098)
  assert.equal(responses.size, 4_096)
  const isKept = (id: string) => responses.find(id, 4_098) !== undefined
  assert.deepEqual(['request 0', 'request 1', 'request 2', 'one more'].map(isKept), [false, true, false, true])
})

test('old answers are forgotten, and not only when somebody asks for them', () => {
  const responses = new AuthResponses()
  const event = new HubEvent(() => Buffer.alloc(0))
  for (let i = 0; i < 100; i++) responses.keep(`request ${i}`, event, 0)
  responses.keep('much later', event, KEPT_MS)
  assert.equal(responses.size, 1)
})

for (const [what, query] of [
  ['no token', ''],
  ['an empty one', '?Token='],
  ['no id of a request', '?Token=nonsense'],
  ['a wildcard', '?Token=*'],
  ['more than an id', `?Token=${REQUEST}.>`],
] as const) {
  test(`${what} is refused with 400, before the upgrade, and says no more`, async () => {
    await using hub = await startHub()
    const response = await upgrade(hub, query)
    assert.equal(response.status, 400)
    assert.equal((JSON.parse(response.body) as { message: string }).message, 'Bad request')
    assert.equal(hub.door.connectionCount, 0)
  })
}

for (const query of [`?token=${REQUEST}`, `?TOKEN=${REQUEST}`, `?a=b&Token=${REQUEST.toUpperCase()}&c=d`]) {
  test(`the id of the request is taken from ${query}`, async () => {
    await using hub = await startWithClock()
    const client = await HubClient.start(urlFor(hub, query), '')
    hub.clock.advance(REGISTRATION_MS)
    answer(hub)
    assert.deepEqual(await nextAnswer(client), answerOf(ALICE))
  })
}

test('what is no answer is logged without its contents and told to nobody', async () => {
  await using hub = await startWithClock()
  const client = await waitFor(hub)
  hub.clock.advance(REGISTRATION_MS)
  const subject = `vault.anonymous.${REQUEST}`
  for (const payload of [
    'nonsense',
    '{"Type":16,"Payload":null}',
    JSON.stringify({ Type: 5, Payload: { UserId: ALICE, Date: 'secret' } }),
    JSON.stringify({ Type: 16, Payload: { Id: 'secret', UserId: ALICE } }),
    JSON.stringify({ Type: 16, Payload: { Id: REQUEST } }),
  ]) {
    hub.publish(subject, payload)
  }
  await assertNothingBefore(client)
  const warnings = hub.log.filter((line) => line.includes('not understood'))
  assert.equal(warnings.length, 5)
  assert.ok(!/secret|nonsense|55555555/.test(warnings.join()))
})

test('the id of the request is in no log line', async () => {
  await using hub = await startWithClock()
  const client = await waitFor(hub)
  hub.clock.advance(REGISTRATION_MS)
  answer(hub)
  await nextAnswer(client)
  await client.close()
  await within(hub.everyoneGone(), 'the end of the connection')
  assert.ok(hub.log.some((line) => line.includes('"hub":"anonymous"')))
  assert.ok(!hub.log.join().includes(REQUEST))
})

test('an address has 25 connections at a time; one more is refused with 429 until another goes', async () => {
  await using hub = await startHub()
  const clients = await Promise.all(Array.from({ length: 25 }, () => waitFor(hub)))
  assert.equal((await upgrade(hub, `?Token=${REQUEST}`)).status, 429)
  // Who is logged in is counted elsewhere.
  await HubClient.start(hub.url, ALICE)
  await clients[0]!.close()
  while (hub.door.connectionCount > 25) await new Promise(setImmediate)
  await waitFor(hub)
  assert.equal((await upgrade(hub, `?Token=${REQUEST}`)).status, 429)
})

test('strangers leave room for users: they may be a quarter of all', async () => {
  await using hub = await startHub({ maxConnections: 8 })
  await waitFor(hub)
  await waitFor(hub)
  assert.equal((await upgrade(hub, `?Token=${REQUEST}`)).status, 503)
  for (let i = 0; i < 6; i++) await HubClient.start(hub.url, ALICE)
  await assert.rejects(HubClient.start(hub.url, ALICE))
})

test('nobody waits for longer than a day', async () => {
  await using hub = await startWithClock({ keepAliveMs: DAY_MS * 2, clientTimeoutMs: DAY_MS * 3 })
  const client = await waitFor(hub)
  hub.clock.advance(REGISTRATION_MS)
  hub.clock.advance(DAY_MS - 1)
  await assertNothingBefore(client)
  hub.clock.advance(1)
  assert.deepEqual(await client.next(), { type: HubMessageType.Close, error: null, allowReconnect: true })
  await within(client.closed, 'the close')
})

test('who leaves, leaves nothing behind', async () => {
  await using hub = await startWithClock()
  const timers = hub.clock.pending
  const clients = [await waitFor(hub), await waitFor(hub, OTHER_REQUEST)]
  hub.clock.advance(REGISTRATION_MS)
  clients.push(await waitFor(hub))
  for (const client of clients) await client.close()
  await within(hub.everyoneGone(), 'the end of the connections')
  assert.equal(hub.clock.pending, timers)
})

async function upgrade(hub: HubServer, query: string): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const request = get(urlFor(hub, query).replace('ws:', 'http:'), {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  })
  request.on('error', reject)
  request.on('upgrade', (_, socket) => {
    socket.destroy()
    reject(new Error('It was upgraded'))
  })
  request.on('response', async (response) => {
    resolve({ status: response.statusCode ?? 0, body: (await response.toArray()).join('') })
  })
  return within(promise, 'the answer')
}
