/** One client's mistake is one client's end: everybody else goes on without losing anything. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { encodeMaskedFrame, Opcode } from '#wire/websocket'
import { type Ending, MASK } from '../../net/raw-websocket.ts'
import { startDoor } from './door-server.ts'
import { type RunningImplementation, startBelfry } from './implementations.ts'
import { CARRIERS, connectTo, type RawClient, TcpClient, WebSocketClient } from './raw-client.ts'
import { shown, wire } from './script.ts'

const CONNECT = wire('CONNECT {"verbose":false,"pedantic":false}␍␊')

interface Mistake {
  readonly name: string
  /** Behind a PUB in one write. */
  readonly bytes: Buffer | string
  readonly hears: string
  readonly ends?: Ending
}

const LINES: readonly Mistake[] = [
  {
    name: 'an unknown operation',
    bytes: wire('HELLO␍␊'),
    hears: "-ERR 'Unknown Protocol Operation'␍␊",
    ends: { code: 1002, reason: 'Protocol Violation' },
  },
  {
    name: 'an oversized payload',
    bytes: wire('PUB a 2000␍␊'),
    hears: "-ERR 'Maximum Payload Violation'␍␊",
    ends: { code: 1009, reason: 'Maximum Message Payload Exceeded' },
  },
  { name: 'bad arguments', bytes: wire('PUB␍␊').replace('␍', ''), hears: "-ERR 'Unknown Protocol Operation'␍␊" },
]

const FRAMES: readonly Mistake[] = [
  {
    name: 'an unmasked frame',
    bytes: Buffer.from([0x82, 0]),
    hears: '',
    ends: { code: 1002, reason: 'mask bit missing' },
  },
  {
    name: 'a reserved bit',
    bytes: Buffer.from([0xa2, 0x80, ...MASK]),
    hears: '',
    ends: { code: 1002, reason: 'RSV2 and RSV3 must be clear' },
  },
  {
    name: 'a frame of 2^63 bytes',
    bytes: Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    hears: '',
    ends: { code: 1002, reason: 'invalid 64-bit payload length' },
  },
  {
    name: 'a frame of 2^62 bytes',
    bytes: Buffer.from([0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0]),
    hears: "-ERR 'Maximum Payload Violation'␍␊",
    ends: { code: 1009, reason: 'message too big' },
  },
]

let server: RunningImplementation
before(async () => {
  server = await startBelfry('max_payload: 1024')
})
after(() => server?.[Symbol.asyncDispose]())

/** Subscribers over both carriers, that hear what `mistaken` says first, and what others say meanwhile and after. */
async function bystanders(): Promise<readonly RawClient[]> {
  const clients = await Promise.all(CARRIERS.map((carrier) => connectTo(server, carrier)))
  for (const client of clients) {
    client.say(`${CONNECT}SUB a 1\r\n`)
    await client.untilPong()
  }
  return clients
}

async function witness(mistaken: () => Promise<void>): Promise<void> {
  const listeners = await bystanders()
  using publisher = await TcpClient.connect(server.tcp)
  publisher.say(CONNECT)
  const publish = async (from: number, to: number) => {
    for (let i = from; i < to; i++) publisher.say(`PUB a 3\r\n${i}\r\n`)
    await publisher.untilPong()
  }
  await publish(100, 200)
  await Promise.all([mistaken(), publish(200, 300)])
  await publish(300, 400)
  for (const listener of listeners) {
    const heard = await listener.untilPong()
    listener.destroy()
    assert.equal(heard.match(/MSG a 1 4\r\nlast\r\n/g)?.length, 1, 'what came right before the mistake is delivered')
    const rest = heard.replace('MSG a 1 4\r\nlast\r\n', '').replace('PONG\r\n', '')
    const expected = Array.from({ length: 300 }, (_, i) => `MSG a 1 3\r\n${100 + i}\r\n`).join('')
    assert.equal(rest, expected)
  }
}

describe('over TCP', () => {
  for (const { name, bytes, hears } of LINES) {
    test(`${name} ends its connection and no other`, () =>
      witness(async () => {
        using client = await TcpClient.connect(server.tcp)
        client.raw.write(Buffer.concat([Buffer.from(`${CONNECT}PUB a 4\r\nlast\r\n`), Buffer.from(bytes as string)]))
        await client.ended()
        assert.equal(shown(await client.hear(1)), hears)
      }))
  }

  test('a connection that is reset is gone, and no other', () =>
    witness(async () => {
      using client = await TcpClient.connect(server.tcp)
      client.say(`${CONNECT}SUB a 1\r\nPUB a 4\r\nlast\r\n`)
      await client.untilPong()
      client.raw.socket.resetAndDestroy()
    }))
})

describe('over WebSocket', () => {
  const data = (text: string) => encodeMaskedFrame(Opcode.BINARY, Buffer.from(text, 'latin1'), MASK)

  for (const { name, bytes, hears, ends } of LINES.filter((line) => line.ends)) {
    test(`${name} ends its connection and no other`, () =>
      witness(async () => {
        using client = await WebSocketClient.connect(server.webSocket)
        client.raw.write(data(`${CONNECT}PUB a 4\r\nlast\r\n${bytes}`))
        assert.deepEqual(await client.ended(), ends)
        assert.equal(shown(await client.hear(1)), hears)
      }))
  }

  for (const { name, bytes, hears, ends } of FRAMES) {
    test(`${name} ends its connection and no other`, () =>
      witness(async () => {
        using client = await WebSocketClient.connect(server.webSocket)
        client.raw.write(Buffer.concat([data(`${CONNECT}PUB a 4\r\nlast\r\nPING\r\n`), bytes as Buffer]))
        assert.deepEqual(await client.ended(), ends)
        assert.equal(shown(await client.hear(1)), `PONG␍␊${hears}`, 'what came before the mistake is answered')
      }))
  }
})

for (const carrier of CARRIERS) {
  test(`a client that left over ${carrier} is in no queue group any more`, async () => {
    const leaving = await connectTo(server, carrier)
    using staying = await TcpClient.connect(server.tcp)
    using publisher = await TcpClient.connect(server.tcp)
    for (const client of [leaving, staying]) {
      client.say(`${CONNECT}SUB work g 1\r\n`)
      await client.untilPong()
    }
    // It says goodbye and goes on listening: what it is sent now would be lost.
    if (leaving instanceof WebSocketClient) leaving.socket.frame(Opcode.CLOSE, '')
    else (leaving as TcpClient).raw.socket.end()
    await leaving.ended()
    publisher.say(CONNECT + 'PUB work 0\r\n\r\n'.repeat(50))
    await publisher.untilPong()
    assert.equal((await staying.untilPong()).match(/MSG/g)?.length, 50)
    leaving.destroy()
  })

  test(`what a client said before it ended its half over ${carrier} is done, and answered`, async () => {
    using client = await connectTo(server, carrier)
    const { raw } = client as TcpClient | WebSocketClient
    client.say(`${CONNECT}SUB a 1\r\nPUB a 4\r\nlast\r\nPING\r\n`)
    raw.socket.end()
    await raw.until(
      () => client.hasEnded,
      () => 'goodbye',
    )
    assert.equal(shown(await client.hear(1)), 'MSG a 1 4␍␊last␍␊PONG␍␊')
  })
}

test('a connection that was refused and does not go keeps nobody out', async () => {
  await using small = await startBelfry('max_connections: 1')
  const first = await TcpClient.connect(small.tcp)
  using refused = await WebSocketClient.connect(small.webSocket)
  await refused.hearThrough("-ERR 'maximum connections exceeded'\r\n")
  first.raw.socket.end()
  await first.ended()
  using next = await TcpClient.connect(small.tcp)
  assert.match(await next.untilPong(), /PONG/)
  assert.equal(refused.hasEnded, false)
})

test('a client that does not stop asking for what it may not have does not fill the log', async () => {
  await using server = await startDoor()
  using client = await connectTo(server, 'TCP')
  client.say(CONNECT + 'SUB a..b 1\r\n'.repeat(1000))
  const heard = await client.untilPong()
  assert.equal(heard.split("-ERR 'Invalid Subject'").length - 1, 1000)
  assert.equal(server.log.filter(({ event }) => event === 'operation refused').length, 100)
  assert.equal(server.log.at(-1)?.event, 'what else this client is refused is not logged')
})
