import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { encodeHandshakeRequest, messagePackProtocol } from '#wire/signalr'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { within } from '../../helpers/wait.ts'
import { ALICE, publishLarge, startHub } from './hub-server.ts'
import { JSON_HANDSHAKE, PollingClient, send } from './requests.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')
const CALL = '{"type":1,"invocationId":"1","target":"X","arguments":[]}\x1e'

test('the first poll is answered at once, and by no proxy from its memory', async () => {
  await using hub = await startHub()
  await using client = await PollingClient.open(hub)
  const { answer } = await client.hold()
  await client.say(JSON_HANDSHAKE)
  const { status, headers, text } = await answer
  assert.deepEqual([status, text], [200, '{}\x1e'])
  assert.equal(headers['cache-control'], 'no-cache, no-store')
  assert.equal(headers.pragma, 'no-cache')
  assert.equal(headers.expires, 'Thu, 01 Jan 1970 00:00:00 GMT')
})

test('a poll waits for something to say; what comes between polls waits for the next', async () => {
  await using hub = await startHub()
  await using client = await PollingClient.start(hub)
  const { answer } = await client.hold()
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  assert.match((await answer).text, /"type":10/)
  hub.notifier.account('SyncVault', ALICE, AT, null)
  await turnOver()
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  await turnOver()
  const types = (await client.poll()).text.split('\x1e').map((record) => record && JSON.parse(record).arguments[0].type)
  assert.deepEqual(types, [5, 10, ''])
})

test('MessagePack is carried as it is', async () => {
  await using hub = await startHub()
  await using client = await PollingClient.open(hub)
  await client.say(encodeHandshakeRequest({ protocol: 'messagepack', version: 1 }))
  assert.equal((await client.poll()).text, '{}\x1e')
  await client.say(Buffer.from('08950180a131a15890', 'hex'))
  const request = client.sendPoll()
  const [response] = await within(once(request, 'response'), 'the answer')
  assert.equal(response.headers['content-type'], 'application/octet-stream')
  const body = Buffer.concat(await response.toArray())
  const [message] = messagePackProtocol(10).read(body)
  assert.ok(message?.type === 3 && message.invocationId === '1')
})

test('a poll with nothing to say is answered after 50 seconds, and so is the next', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  await using client = await PollingClient.start(hub)
  for (let i = 0; i < 3; i++) {
    const { answer } = await client.hold()
    let isAnswered = false
    void answer.then(() => {
      isAnswered = true
    })
    clock.advance(49_999)
    await client.say('{"type":6}\x1e')
    assert.ok(!isAnswered)
    clock.advance(1)
    const { status, text } = await answer
    assert.deepEqual([status, text], [200, ''])
  }
  assert.equal(hub.door.connectionCount, 1)
})

test('a client that polls need not say anything, and is not pinged', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  await using client = await PollingClient.start(hub)
  for (let i = 0; i < 4; i++) {
    const { answer } = await client.hold()
    clock.advance(50_000)
    assert.equal((await answer).text, '')
  }
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  assert.match((await client.poll()).text, /"type":10/)
})

test('a client that does not poll for 30 seconds is gone', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const client = await PollingClient.start(hub)
  clock.advance(29_999)
  assert.equal(hub.door.connectionCount, 1)
  clock.advance(1)
  assert.equal(hub.door.connectionCount, 0)
  assert.equal((await client.poll()).status, 404)
})

test('a client that never shakes hands is told so and gone', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const client = await PollingClient.open(hub)
  clock.advance(15_000)
  assert.equal((await client.poll()).text, '{"error":"Handshake was canceled."}\x1e')
  assert.equal((await client.poll()).status, 204)
  assert.equal(hub.door.connectionCount, 0)
})

test('a poll that another takes the place of is ended, and the newer one is answered', async () => {
  await using hub = await startHub()
  await using client = await PollingClient.start(hub)
  const older = await client.hold()
  const newer = await client.hold()
  assert.equal((await older.answer).status, 204)
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  assert.match((await newer.answer).text, /"type":10/)
})

test('a client that gives up a poll may begin another', async () => {
  await using hub = await startHub()
  await using client = await PollingClient.start(hub)
  const isThere = hub.nextRequest()
  const given = client.sendPoll()
  given.on('error', () => {})
  await within(isThere, 'the poll')
  given.destroy()
  const { answer } = await client.hold()
  await client.say(CALL)
  assert.match((await answer).text, /Unknown hub method 'X'/)
})

test('a client that ends the connection is answered 202, and its poll 204', async () => {
  await using hub = await startHub()
  const client = await PollingClient.start(hub)
  const { answer } = await client.hold()
  assert.equal((await client.leave()).status, 202)
  assert.equal((await answer).status, 204)
  assert.equal(hub.door.connectionCount, 0)
  assert.equal((await client.poll()).status, 404)
  assert.equal((await client.leave()).status, 404)
})

test("a client's Close ends its poll", async () => {
  await using hub = await startHub()
  const client = await PollingClient.start(hub)
  const { answer } = await client.hold()
  assert.equal((await client.say('{"type":7}\x1e')).status, 200)
  assert.equal((await answer).status, 204)
  assert.equal(hub.door.connectionCount, 0)
})

test('a broken message is answered with an error, then there is nothing more', async () => {
  await using hub = await startHub()
  const client = await PollingClient.start(hub)
  assert.equal((await client.say('{"type":\x1e')).status, 200)
  assert.match((await client.poll()).text, /"type":7.*"error":"Connection closed with an error."/)
  assert.equal((await client.say(CALL)).status, 404)
  assert.equal((await client.poll()).status, 204)
  assert.equal(hub.door.connectionCount, 0)
})

test('more than 32 KiB at once is refused, and ends the connection with an error', async () => {
  await using hub = await startHub()
  const client = await PollingClient.start(hub)
  assert.equal((await client.say(`${' '.repeat(32_758)}{"type":6}\x1e`)).status, 413)
  assert.match((await client.poll()).text, /"type":7.*"error":"Connection closed with an error."/)
  assert.equal((await client.poll()).status, 204)
})

test('of one connection a bounded number of requests waits for a slow one; with more the connection ends', async () => {
  await using hub = await startHub()
  const client = await PollingClient.start(hub)
  const slow = connect(hub.port, '127.0.0.1')
  const isThere = hub.nextRequest()
  slow.write(`POST ${client.path}&access_token=${ALICE} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n `)
  await isThere
  const statuses = Array.from({ length: 80 }, () => client.say(CALL).then(({ status }) => status))
  const refused = await within(Promise.race(statuses), 'an answer')
  assert.equal(refused, 429)
  slow.end(' ')
  const counts = Map.groupBy(await Promise.all(statuses), (status) => status)
  assert.deepEqual([...counts.keys()].sort(), [404, 429])
  assert.match((await client.poll()).text, /"type":7.*"error":"Connection closed with an error."/)
})

test('an error is heard also by a client that polls late, but not for ever', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const client = await PollingClient.start(hub)
  await client.say('{"type":\x1e')
  clock.advance(4_999)
  assert.equal(hub.door.connectionCount, 1)
  clock.advance(1)
  assert.equal(hub.door.connectionCount, 0)
})

test('what waits for the next poll is bounded; who comes late is told to sync', async () => {
  await using hub = await startHub({ maxPendingBytes: 256 * 1024 })
  await using client = await PollingClient.start(hub)
  await publishLarge(hub, 20)
  const { text } = await client.poll()
  assert.ok(text.length > 100_000 && text.length <= 256 * 1024, `${text.length} bytes`)
  const { text: rest } = await client.poll()
  assert.equal(rest.match(/"type":5,/g)?.length, 1, 'one SyncVault stands for all that was missed')
})

test('a client that does not read an answer is cut off', async () => {
  await using hub = await startHub({ writeDeadlineMs: 200, maxPendingBytes: 16 * 1024 * 1024 })
  const client = await PollingClient.start(hub)
  await publishLarge(hub, 300)
  const socket = connect(hub.port, '127.0.0.1')
  socket.pause()
  socket.write(`GET ${client.path}&access_token=${ALICE} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await within(hub.everyoneGone(), 'the end of the connection')
  assert.ok(hub.log.some((line) => line.includes('stalled')))
  socket.destroy()
})

test('whoever loses an answer half-way has lost the connection: there would be a gap', async () => {
  await using hub = await startHub({ maxPendingBytes: 16 * 1024 * 1024 })
  const client = await PollingClient.start(hub)
  await publishLarge(hub, 300)
  const request = send(hub, 'GET', client.path)
  request.on('error', () => {})
  const [response] = await within(once(request, 'response'), 'the answer')
  response.on('error', () => {})
  response.socket.resetAndDestroy()
  await within(hub.everyoneGone(), 'the end of the connection')
  assert.equal((await client.poll()).status, 404)
})

test('a client that calls faster than it fetches the answers is heard no faster than that, and loses none', async () => {
  await using hub = await startHub({ maxPendingBytes: 32 * 1024 })
  await using client = await PollingClient.start(hub)
  const calls = 300
  const posts = 4
  let taken = 0
  const said = Array.from({ length: posts }, async (_, i) => {
    const body = Array.from({ length: calls }, (_, j) => CALL.replace('"1"', `"${i}/${j}"`)).join('')
    assert.equal((await client.say(body)).status, 200)
    taken++
  })
  const ids: string[] = []
  for (let polls = 0; ids.length < calls * posts; polls++) {
    const { text } = await client.poll()
    assert.ok(text.length <= 32 * 1024, `${text.length} bytes waited`)
    if (polls === 0) assert.ok(taken < posts, 'some of it has to wait')
    ids.push(...text.split('\x1e').flatMap((record) => (record === '' ? [] : [JSON.parse(record).invocationId])))
  }
  await Promise.all(said)
  assert.equal(new Set(ids).size, calls * posts)
})

test('a server that goes away says so to those who poll, and to those who come back for it', async () => {
  await using hub = await startHub()
  const waiting = await PollingClient.start(hub)
  const away = await PollingClient.start(hub)
  const { answer } = await waiting.hold()
  const closed = hub.door.close()
  assert.match((await answer).text, /"type":7.*"allowReconnect":true/)
  assert.match((await away.poll()).text, /"type":7.*"allowReconnect":true/)
  assert.equal((await waiting.poll()).status, 204)
  assert.equal((await away.poll()).status, 204)
  await within(closed, 'the end of the door')
})
