import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { Outbox, Turn } from '#core'
import { EVENT_FRAMING } from '../../../src/doors/hub/transports/server-sent-events.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { within } from '../../helpers/wait.ts'
import { ALICE, publishLarge, startHub } from './hub-server.ts'
import { EventStream, JSON_HANDSHAKE } from './requests.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')
/** Large ones: more than any socket takes at once. */
const EVENTS = 400

test('a stream begins at once, and nobody on the way may keep it, compress it or hold it back', async () => {
  await using hub = await startHub()
  const stream = await EventStream.open(hub)
  const { headers, response } = stream
  assert.equal(response.statusCode, 200)
  assert.equal(headers['content-type'], 'text/event-stream')
  assert.equal(headers['cache-control'], 'no-cache, no-store, no-transform')
  assert.equal(headers['x-accel-buffering'], 'no')
  assert.equal(await stream.nextBlock(), ':')
  stream.destroy()
})

test('each turn of messages is one event, whatever their number', async () => {
  await using hub = await startHub()
  const stream = await EventStream.start(hub)
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  hub.notifier.account('SyncVault', ALICE, AT, null)
  const records = (await stream.next()).split('\x1e')
  assert.deepEqual(
    records.slice(0, -1).map((record) => JSON.parse(record).arguments[0].type),
    [10, 5],
  )
  assert.equal(records.at(-1), '')
  stream.destroy()
})

test('an event is one line, also when what is told has several', () => {
  const written: Buffer[] = []
  const deferred: (() => void)[] = []
  const framing = EVENT_FRAMING
  const sink = { framing, backlogBytes: 0, write: (bytes: Buffer) => void written.push(bytes) }
  const outbox = new Outbox(new Turn((work) => void deferred.push(work)), sink, 1000, () => {})
  outbox.append('', Buffer.from('{\r\n"a":\n1}\x1e'), '')
  outbox.append('', Buffer.from('{"b":"ä\\n"}\x1e'), '')
  outbox.flush()
  assert.equal(Buffer.concat(written).toString(), 'data: {  "a": 1}\x1e{"b":"ä\\n"}\x1e\n\n')
})

test('a stream that has been quiet for 15 seconds is pinged; a client that says nothing for 30 is let go', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const stream = await EventStream.start(hub)
  clock.advance(15_000)
  assert.equal(await stream.next(), '{"type":6}\x1e')
  assert.equal((await stream.say('{"type":6}\x1e')).status, 200)
  clock.advance(29_000)
  assert.equal(await stream.next(), '{"type":6}\x1e')
  assert.equal(hub.door.connectionCount, 1)
  clock.advance(1_000)
  assert.match(await stream.next(), /"type":7.*"allowReconnect":true/)
  await within(hub.everyoneGone(), 'the end of the connection')
})

test('MessagePack is refused where there is only text', async () => {
  await using hub = await startHub()
  const stream = await EventStream.open(hub)
  await stream.say(JSON_HANDSHAKE.replace('json', 'messagepack'))
  assert.equal(
    await stream.next(),
    `{"error":"Cannot use the 'messagepack' protocol on the current transport. ` +
      `The transport does not support 'Binary' transfer format."}\x1e`,
  )
  assert.equal(await stream.ended(), '')
})

test('what a client says is put together from its requests, and answered on the stream', async () => {
  await using hub = await startHub()
  const stream = await EventStream.open(hub)
  await stream.say(JSON_HANDSHAKE.slice(0, 10))
  await stream.say(JSON_HANDSHAKE.slice(10))
  assert.equal(await stream.next(), '{}\x1e')
  await stream.say('{"type":1,"invocationId":"1","target":"X",')
  await stream.say('"arguments":[]}\x1e')
  assert.match(await stream.next(), /"invocationId":"1".*Unknown hub method 'X'/)
  stream.destroy()
})

for (const [bytes, status] of [
  [32_768, 200],
  [32_769, 413],
] as const) {
  test(`a request of ${bytes} bytes is ${status === 200 ? 'taken' : 'refused, and ends the connection'}`, async () => {
    await using hub = await startHub()
    const stream = await EventStream.start(hub)
    const bystander = await EventStream.start(hub)
    const ping = '{"type":6}\x1e'
    const { status: answered } = await stream.say(`${' '.repeat(bytes - ping.length)}${ping}`)
    assert.equal(answered, status)
    if (status === 413) {
      assert.match(await stream.next(), /"type":7.*"error":"Connection closed with an error."/)
      await stream.ended()
    }
    hub.notifier.account('SyncSettings', ALICE, AT, null)
    assert.match(await bystander.next(), /"type":10/)
    if (status === 200) assert.match(await stream.next(), /"type":10/)
    stream.destroy()
    bystander.destroy()
  })
}

test("a client's Close and a broken message end the stream", async () => {
  await using hub = await startHub()
  const polite = await EventStream.start(hub)
  await polite.say('{"type":7}\x1e')
  assert.equal(await polite.ended(), '')
  const rude = await EventStream.start(hub)
  await rude.say('{"type":\x1e')
  assert.match(await rude.ended(), /"error":"Connection closed with an error."/)
  await within(hub.everyoneGone(), 'the end of the connections')
})

test('a request that is cut off costs nobody else anything', async () => {
  await using hub = await startHub()
  const stream = await EventStream.start(hub)
  const socket = connect(hub.port, '127.0.0.1')
  const head = `POST ${stream.path}&access_token=${ALICE} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n`
  socket.write(`${head}{"type"`)
  const next = stream.say('{"type":1,"invocationId":"1","target":"X","arguments":[]}\x1e')
  await turnOver()
  socket.resetAndDestroy()
  assert.equal((await next).status, 200)
  assert.match(await stream.next(), /Unknown hub method 'X'/)
  stream.destroy()
  assert.ok(!hub.log.some((line) => line.includes('failed')))
})

test('a client that stops reading misses events but is told to sync', async () => {
  await using hub = await startHub()
  const slow = await EventStream.start(hub)
  await publishLarge(hub, EVENTS)
  let told = 0
  for (let data = ''; !data.includes('"type":5,'); told++) data = await slow.next()
  assert.ok(told < EVENTS, 'some events were left out')
  // And it is an ordinary connection again.
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  while (!(await slow.next()).includes('"type":10,'));
  slow.destroy()
})

test('a client that reads nothing within the write deadline is cut off', async () => {
  await using hub = await startHub({ writeDeadlineMs: 200 })
  const dead = await EventStream.start(hub)
  await publishLarge(hub, EVENTS)
  await within(hub.everyoneGone(), 'the end of the connection')
  assert.ok(hub.log.some((line) => line.includes('stalled')))
  dead.destroy()
})

test('a client that goes away is gone', async () => {
  await using hub = await startHub({ maxConnections: 1 })
  const stream = await EventStream.start(hub)
  stream.destroy()
  await within(hub.everyoneGone(), 'the end of the connection')
  const next = await EventStream.start(hub)
  next.destroy()
})

test('a server that goes away says so on each stream and ends it', async () => {
  await using hub = await startHub()
  const stream = await EventStream.start(hub)
  const closed = hub.door.close()
  assert.match(await stream.ended(), /^data: \{"type":7.*"allowReconnect":true\}.\n\n$/)
  await within(closed, 'the end of the door')
})
