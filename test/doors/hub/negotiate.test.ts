import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, BOB, startHub } from './hub-server.ts'
import { ask, askToUpgrade, HUB, type Negotiated, negotiate } from './requests.ts'

const NEGOTIATE = `${HUB}/negotiate`
const ID = /^[\w-]{22}$/
const TRANSPORTS = [
  { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
  { transport: 'ServerSentEvents', transferFormats: ['Text'] },
  { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
]

const versions: [query: string, version: number][] = [
  ['', 0],
  ['?negotiateVersion=0', 0],
  ['?negotiateVersion=', 0],
  ['?negotiateVersion=1', 1],
  ['?NegotiateVersion=1', 1],
  ['?x=y&NEGOTIATEVERSION=%31', 1],
  ['?negotiateVersion=2', 1],
  ['?negotiateVersion=2147483647', 1],
]
for (const [query, version] of versions) {
  test(`"${query}" is negotiated in version ${version}`, async () => {
    await using hub = await startHub()
    const { status, headers, text } = await ask(hub, 'POST', NEGOTIATE + query)
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json')
    const { connectionId, connectionToken, ...rest } = JSON.parse(text) as Negotiated
    assert.deepEqual(rest, { negotiateVersion: version, availableTransports: TRANSPORTS })
    assert.match(connectionId, ID)
    if (version === 0) assert.equal(connectionToken, undefined)
    else assert.match(connectionToken, ID)
    assert.notEqual(connectionToken, connectionId)
    // Only the secret one leads anywhere.
    const isSecret = version === 0
    assert.equal((await askToUpgrade(hub, `${HUB}?id=${connectionId}`)).status, isSecret ? 101 : 404)
    if (!isSecret) assert.equal((await askToUpgrade(hub, `${HUB}?id=${connectionToken}`)).status, 101)
  })
}

for (const version of ['x', '1.5', '1e0', '0x1', '2147483648', '-2147483649', '-1']) {
  test(`version ${version} is an error, and nothing is kept`, async () => {
    await using hub = await startHub({ maxConnections: 1 })
    const { status, text } = await ask(hub, 'POST', `${NEGOTIATE}?negotiateVersion=${version}`)
    assert.equal(status, 200)
    const { error, ...rest } = JSON.parse(text)
    assert.match(error, version === '-1' ? /^The client requested version '-1'/ : /non-integer protocol version/)
    assert.deepEqual(rest, {})
    assert.equal((await askToUpgrade(hub, HUB)).status, 101)
  })
}

const reconnects: [query: string, isStateful: boolean][] = [
  ['?negotiateVersion=1&useStatefulReconnect=true', true],
  ['?negotiateVersion=1&UseStatefulReconnect=True', true],
  ['?negotiateVersion=1&useStatefulReconnect=false', false],
  ['?negotiateVersion=1&useStatefulReconnect=1', false],
  ['?negotiateVersion=0&useStatefulReconnect=true', false],
]
for (const [query, isStateful] of reconnects) {
  test(`"${query}" is ${isStateful ? '' : 'not '}told that it may reconnect with its state`, async () => {
    await using hub = await startHub()
    const { text } = await ask(hub, 'POST', NEGOTIATE + query)
    assert.equal((JSON.parse(text) as Negotiated).useStatefulReconnect, isStateful ? true : undefined)
  })
}

test('nobody negotiates without a valid token', async () => {
  await using hub = await startHub({ maxConnections: 1 })
  for (const [token, message] of [
    ['', 'Invalid claim'],
    ['expired', 'Invalid token'],
  ] as const) {
    const { status, headers, text } = await ask(hub, 'POST', NEGOTIATE, { token })
    assert.equal(status, 401)
    assert.equal(headers['content-type'], 'application/json')
    assert.deepEqual(JSON.parse(text).errorModel, { message, object: 'error' })
  }
  assert.equal((await ask(hub, 'POST', `${NEGOTIATE}?access_token=${ALICE}`, { token: '' })).status, 200)
})

test('negotiating takes a POST', async () => {
  await using hub = await startHub()
  for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
    const { status, headers } = await ask(hub, method, NEGOTIATE)
    assert.equal(status, 405, method)
    assert.equal(headers.allow, 'POST, OPTIONS')
  }
  assert.equal((await askToUpgrade(hub, NEGOTIATE)).status, 404)
})

test('no answer may be kept by anybody on the way', async () => {
  await using hub = await startHub()
  const { headers } = await ask(hub, 'POST', NEGOTIATE)
  assert.equal(headers['cache-control'], 'no-cache, no-store')
  assert.equal(headers.pragma, 'no-cache')
  assert.equal(headers.expires, 'Thu, 01 Jan 1970 00:00:00 GMT')
})

test('a negotiated connection counts, and is forgotten when nobody has come for it within 15 seconds', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock, maxConnections: 1 })
  const first = await negotiate(hub)
  assert.equal((await ask(hub, 'POST', NEGOTIATE)).status, 503)
  assert.equal((await askToUpgrade(hub, HUB)).status, 503)
  clock.advance(14_000)
  assert.equal((await ask(hub, 'POST', NEGOTIATE)).status, 503)
  clock.advance(1_000)
  assert.equal((await askToUpgrade(hub, first)).status, 404)

  const second = await negotiate(hub)
  clock.advance(14_000)
  const device = await HubClient.start(`ws://127.0.0.1:${hub.port}${second}`, ALICE)
  clock.advance(2_000)
  hub.notifier.account('SyncSettings', ALICE, new Date(), null)
  assert.equal((await device.nextNotification()).Type, 10)
  await device.close()
  await within(hub.everyoneGone(), 'the end of the connection')
  assert.equal((await ask(hub, 'POST', NEGOTIATE)).status, 200)
})

test('a user has a bounded number of negotiated connections, and others have theirs', async () => {
  await using hub = await startHub({ maxConnectionsPerUser: 2 })
  const others = await negotiate(hub, { token: BOB })
  const oldest = await negotiate(hub)
  const second = await negotiate(hub)
  const third = await negotiate(hub)
  assert.equal((await ask(hub, 'GET', oldest)).status, 404)
  assert.equal((await ask(hub, 'GET', second)).status, 200)
  assert.equal((await ask(hub, 'GET', third)).status, 200)
  assert.equal((await ask(hub, 'GET', others, { token: BOB })).status, 200)
})

test('a server that goes away negotiates no more, and forgets what was negotiated', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const path = await negotiate(hub)
  const device = await HubClient.start(hub.url, ALICE)
  const drained = hub.door.drain(10_000)
  assert.equal((await ask(hub, 'POST', NEGOTIATE)).status, 503)
  assert.equal((await ask(hub, 'GET', path)).status, 404)
  clock.advance(12_500)
  await drained
  await device.closed
})
