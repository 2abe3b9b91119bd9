/** What goes out: which frames the messages come in, and that nothing is lost or mixed up on the way. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RawClient, TcpClient } from '../raw-client.ts'
import { newerRow, type RunningImplementation, table } from './servers.ts'
import { BINARY, BROWSER, frame, PING, WireClient } from './wire-client.ts'

/** What frames for browsers have at most. */
const BROWSER_FRAME_BYTES = 4_096

/** `length` characters that tell their place, different for each `seed`. */
function pattern(length: number, seed = 0): string {
  return Buffer.from(Array.from({ length }, (_, index) => 65 + ((index + seed) % 26))).toString('latin1')
}

function delivery(payload: string): string {
  return `MSG foo 1 ${payload.length}\r\n${payload}\r\n`
}

/** How long a payload must be that is delivered in exactly `length` bytes, if one can be. */
function payloadDeliveredIn(length: number): string {
  const size = Array.from({ length: 24 }, (_, taken) => length - taken).find(
    (candidate) => candidate >= 0 && `MSG foo 1 ${candidate}\r\n\r\n`.length + candidate === length,
  )
  assert.ok(size !== undefined, `nothing is delivered in ${length} bytes`)
  return pattern(size)
}

/** What takes longer than two seconds, on a slow machine, has the server's first PING in between. */
const SERVER_PING = 'PING\r\n'

function withoutPings(text: string): string {
  return text.replaceAll(SERVER_PING, '')
}

/** The next `length` bytes that are no PING; it can only stand in front of a message. */
async function hearMessage(client: WireClient, length: number): Promise<string> {
  const text = await client.hear(length)
  return text.startsWith(SERVER_PING) ? text.slice(SERVER_PING.length) + (await client.hear(SERVER_PING.length)) : text
}

table((implementation) => {
  const { start } = implementation
  let server: RunningImplementation
  before(async () => {
    server = await start('max_payload: 300000\nwebsocket { listen: "127.0.0.1:-1", no_tls: true }')
  })
  after(() => server?.[Symbol.asyncDispose]())

  const overTcp = async () => {
    const client = await TcpClient.connect(server.tcp)
    client.say('CONNECT {"verbose":false,"pedantic":false}\r\n')
    return client
  }
  const subscribed = async (headers = {}) => {
    const client = await WireClient.ready(server.webSocket, { headers })
    client.say('SUB foo 1\r\n')
    await client.untilPong()
    client.frames.length = 0
    return client
  }
  const publish = async (client: RawClient, payloads: readonly string[]) => {
    for (const payload of payloads) client.say(`PUB foo ${payload.length}\r\n${payload}\r\n`)
    assert.equal(withoutPings(await client.untilPong()), 'PONG\r\n')
  }

  test('WSPubSub: from WebSocket to TCP and back, and to another WebSocket', async () => {
    using tcp = await overTcp()
    using one = await subscribed()
    using two = await WireClient.ready(server.webSocket)
    tcp.say('SUB foo 1\r\n')
    await tcp.untilPong()
    two.say('PUB foo 7\r\nfrom ws\r\n')
    for (const client of [tcp, one]) assert.equal(await client.hearThrough('ws\r\n'), delivery('from ws'))
    tcp.say('PUB foo 9\r\nfrom nats\r\n')
    assert.equal(await one.hearThrough('nats\r\n'), delivery('from nats'))
    assert.equal(await two.untilPong(), 'PONG\r\n')
  })

  test('WSBatchedPubInSingleFrame: a frame may be larger than max_payload, which is for each message', async () => {
    await using small = await start('max_payload: 16\nwebsocket { listen: "127.0.0.1:-1", no_tls: true }')
    using subscriber = await WireClient.ready(small.webSocket)
    subscriber.say('SUB foo 1\r\n')
    await subscriber.untilPong()
    using publisher = await WireClient.ready(small.webSocket)
    publisher.say('PUB foo 8\r\n12345678\r\nPUB foo 8\r\nabcdefgh\r\nPING\r\n')
    assert.equal(await publisher.hearThrough('\r\n'), 'PONG\r\n')
    const expected = delivery('12345678') + delivery('abcdefgh')
    assert.equal(await subscriber.hear(expected.length), expected)
  })

  for (const [length, lengthBytes] of [
    [124, 1],
    [125, 1],
    [126, 3],
    [127, 3],
    [65_534, 3],
    [65_535, 3],
    [65_536, 9],
    [65_537, 9],
    [200_000, 9],
  ] as const) {
    test(`WSCreateFrameHeader: ${length} bytes in one binary frame that says so in ${lengthBytes}`, async () => {
      using publisher = await overTcp()
      using subscriber = await subscribed()
      const payload = payloadDeliveredIn(length)
      await publish(publisher, [payload])
      assert.equal(await subscriber.hear(length), delivery(payload))
      const { isFinal, isCompressed, opcode } = subscriber.frames[0]!
      assert.deepEqual(
        [isFinal, isCompressed, opcode, subscriber.frames[0]!.lengthBytes],
        [true, false, BINARY, lengthBytes],
      )
      assert.equal(subscriber.frames[0]!.payload.length, length)
    })
  }

  test('WSFrameOutbound: what is due at the same time comes in one frame', async () => {
    using client = await subscribed()
    client.say(`${'PUB foo 1\r\na\r\n'.repeat(10)}PING\r\n`)
    assert.equal(await client.hearThrough('PONG\r\n'), `${delivery('a').repeat(10)}PONG\r\n`)
    assert.equal(client.frames.length, 1)
  })

  test('WSFrameOutbound: browsers get whole messages of at most 4096 bytes', async () => {
    using client = await subscribed(BROWSER)
    using publisher = await overTcp()
    for (const size of [10_000, BROWSER_FRAME_BYTES, 2 * BROWSER_FRAME_BYTES, 20]) {
      client.frames.length = 0
      const payload = pattern(size)
      await publish(publisher, [payload])
      assert.equal(await client.hear(delivery(payload).length), delivery(payload))
      assert.ok(client.frames.length >= size / BROWSER_FRAME_BYTES)
      for (const { opcode, isFinal, isCompressed, payload: part } of client.frames) {
        assert.deepEqual([opcode, isFinal, isCompressed], [BINARY, true, false])
        assert.ok(part.length <= BROWSER_FRAME_BYTES, `${part.length}`)
      }
    }
  })

  test('WSFrameOutbound: others than browsers are not spared large frames', async () => {
    for (const agent of ['nats.ws/1.0', 'node', 'xMozilla/5.0']) {
      using client = await subscribed({ 'User-Agent': agent })
      using publisher = await overTcp()
      await publish(publisher, [pattern(10_000)])
      assert.equal(await client.hear(delivery(pattern(10_000)).length), delivery(pattern(10_000)))
      assert.equal(client.frames.length, 1)
    }
  })

  test('WSWebrowserClient: a large message comes in as many frames as it takes', async () => {
    using client = await subscribed(BROWSER)
    using publisher = await overTcp()
    const payload = pattern(204_813)
    await publish(publisher, [payload])
    assert.equal(await client.hear(delivery(payload).length), delivery(payload))
    assert.ok(client.frames.length >= payload.length / BROWSER_FRAME_BYTES)
    assert.ok(client.frames.every((part) => part.payload.length <= BROWSER_FRAME_BYTES))
  })

  test('WSWithPartialWrite: what does not fit into the socket at once comes later, in order', async () => {
    using slow = await subscribed()
    using publisher = await overTcp()
    slow.raw.socket.pause()
    slow.write(frame('in between', { opcode: PING }))
    const payloads = Array.from({ length: 100 }, (_, index) => pattern(1_000 + 1_237 * index, index))
    await publish(publisher, payloads)
    slow.raw.socket.resume()
    for (const payload of payloads) assert.equal(await hearMessage(slow, delivery(payload).length), delivery(payload))
    assert.deepEqual(slow.pongs, ['in between'])
    assert.equal(withoutPings(await slow.untilPong()), 'PONG\r\n')
  })

  test('WSNoCorruptionWithFrameSizeLimit: browsers, others and TCP all get the same bytes', async () => {
    using one = await subscribed(BROWSER)
    using two = await subscribed(BROWSER)
    using plain = await subscribed()
    using tcp = await overTcp()
    tcp.say('SUB foo 1\r\n')
    await tcp.untilPong()
    using publisher = await WireClient.ready(server.webSocket, { headers: BROWSER })
    const count = 300
    const payloads = Array.from({ length: 26 }, (_, seed) => pattern(2 * BROWSER_FRAME_BYTES + 123, seed))
    for (let index = 0; index < count; index++) {
      publisher.say(`PUB foo ${payloads[0]!.length}\r\n${payloads[index % 26]}\r\n`)
    }
    await Promise.all(
      [one, two, plain].map(async (client) => {
        for (let index = 0; index < count; index++) {
          const expected = delivery(payloads[index % 26]!)
          assert.ok((await hearMessage(client, expected.length)) === expected, `message ${index}`)
        }
      }),
    )
    const length = delivery(payloads[0]!).length * count
    let heard = ''
    while (heard.length < length) heard = withoutPings(heard + (await tcp.hear(1)))
    for (let index = 0; index < count; index++) {
      const expected = delivery(payloads[index % 26]!)
      assert.ok(heard.startsWith(expected, index * expected.length), `message ${index}`)
    }
    for (const { frames } of [one, two]) assert.ok(frames.every((part) => part.payload.length <= BROWSER_FRAME_BYTES))
    assert.equal(withoutPings(await publisher.untilPong()), 'PONG\r\n')
  })

  newerRow(
    implementation,
    'WebsocketPingInterval: a PING every 200 ms, not every two minutes, for WebSocket only',
    'ping_interval is unknown',
    async () => {
      await using pinging = await start('websocket { listen: "127.0.0.1:-1", no_tls: true, ping_interval: "200ms" }')
      using tcp = await TcpClient.connect(pinging.tcp)
      tcp.say('CONNECT {"verbose":false}\r\n')
      await tcp.untilPong()
      using client = await WireClient.connect(pinging.webSocket)
      client.say('CONNECT {"verbose":false}\r\n')
      for (let count = 0; count < 2; count++) {
        assert.equal(await client.hearThrough('PING\r\n'), 'PING\r\n')
        client.say('PONG\r\n')
      }
      assert.equal(await tcp.untilPong(), 'PONG\r\n')
    },
  )
})
