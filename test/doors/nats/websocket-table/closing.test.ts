/** The server's close frames: one status and one text for each reason, behind everything that was due before. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { RawSocket } from '../../../net/raw-socket.ts'
import { type Differing, expectationOf, type RunningImplementation, table } from './servers.ts'
import { close, type Ending, frame, NO_CLOSE_FRAME, WireClient } from './wire-client.ts'

const CONFIG = `
  max_payload: 1000
  max_pending: 1000
  max_control_line: 512
  ping_interval: "10s"
  websocket { listen: "127.0.0.1:-1", no_tls: true }
`

interface Closing {
  readonly reason: string
  readonly say: string
  /** All that comes before the close frame. */
  readonly hear: Differing<string>
  readonly ends: Differing<Ending>
}

const CLOSINGS: readonly Closing[] = [
  {
    reason: 'Bad Client Protocol Version',
    say: 'CONNECT {"verbose":false,"protocol":5}\r\n',
    hear: "-ERR 'invalid client protocol'\r\n",
    ends: { code: 1002, reason: 'Bad Client Protocol Version' },
  },
  {
    reason: 'Maximum Message Payload Exceeded',
    say: 'CONNECT {"verbose":false}\r\nPING\r\nPUB a 1001\r\n',
    hear: "PONG\r\n-ERR 'Maximum Payload Violation'\r\n",
    ends: { code: 1009, reason: 'Maximum Message Payload Exceeded' },
  },
  {
    reason: 'Maximum Control Line Exceeded',
    say: `CONNECT {"verbose":false}\r\nSUB ${'a'.repeat(600)} 1\r\n`,
    hear: "-ERR 'maximum control line exceeded'\r\n",
    ends: { code: 1008, reason: 'Maximum Control Line Exceeded' },
  },
  {
    reason: 'No Responders Requires Headers, which no status is for',
    say: 'CONNECT {"verbose":false,"no_responders":true}\r\n',
    hear: "-ERR 'no responders requires headers support'\r\n",
    ends: { code: 1011, reason: 'No Responders Requires Headers' },
  },
  {
    reason: 'Protocol Violation, by what cannot be read as an operation',
    say: 'CONNECT {"verbose":false}\r\nPING\r\nNONSENSE\r\n',
    hear: "PONG\r\n-ERR 'Unknown Protocol Operation'\r\n",
    // There it is a read error like any other, after which little is said.
    ends: {
      belfry: { code: 1002, reason: 'Protocol Violation' },
      natsServer: { code: 1002, reason: 'Protocol Violation' },
      newest: { code: 1001, reason: 'Read Error' },
    },
  },
  {
    reason: 'Authentication Failure, by asking for an account',
    say: 'CONNECT {"verbose":false,"account":"x"}\r\n',
    hear: "-ERR 'Authorization Violation'\r\n",
    ends: { code: 1008, reason: 'Authentication Failure' },
  },
]

table(({ name, start }) => {
  let server: RunningImplementation
  before(async () => {
    server = await start(CONFIG)
  })
  after(() => server?.[Symbol.asyncDispose]())

  test('WSCreateCloseMessage: two bytes of status, then the text, 123 bytes of it', async () => {
    using client = await WireClient.ready(server.webSocket)
    const reason = `${'é'.repeat(61)}.`
    client.write(close(3000, reason))
    assert.deepEqual(await client.ended(), { code: 3000, reason })
  })

  for (const { reason, say, hear, ends } of CLOSINGS) {
    test(`WSEnqueueCloseMsg: ${reason}`, async () => {
      using client = await WireClient.connect(server.webSocket)
      client.say(say)
      const ending = await client.ended()
      if (name === 'newest' && ending === NO_CLOSE_FRAME) return
      assert.deepEqual(ending, expectationOf(ends, name))
      assert.equal(client.heard, expectationOf(hear, name))
    })
  }

  test('WSEnqueueCloseMsg: Slow Consumer (Pending Bytes), which is told nothing', async () => {
    using client = await WireClient.ready(server.webSocket)
    client.say(`SUB a 1\r\nPUB a 1000\r\n${'x'.repeat(1000)}\r\n`)
    assert.equal(await client.ended(), NO_CLOSE_FRAME)
    await server.logged(/Slow Consumer/i)
  })

  test('WSEnqueueCloseMsg: Read Error, of which nobody else hears', async () => {
    const raw = await RawSocket.connect(server.webSocket)
    raw.destroy()
    using client = await WireClient.ready(server.webSocket)
    client.raw.socket.resetAndDestroy()
    using other = await WireClient.ready(server.webSocket)
    assert.equal(await other.untilPong(), 'PONG\r\n')
  })

  test('WSEnqueueCloseMsg: Client Closed, when the client ends its half without a close frame', async () => {
    using client = await WireClient.ready(server.webSocket)
    client.raw.socket.end(frame('PING\r\n'))
    const ending = await client.ended()
    assert.equal(client.heard, 'PONG\r\n')
    assert.deepEqual(ending, { code: 1000, reason: 'Client Closed' })
  })

  test('WSEnqueueCloseMsg: Maximum Connections Exceeded', async () => {
    await using small = await start(`max_connections: 1\n${CONFIG}`)
    using _first = await WireClient.ready(small.webSocket)
    using second = await WireClient.connect(small.webSocket)
    assert.deepEqual(await second.ended(), { code: 1008, reason: 'Maximum Connections Exceeded' })
    assert.equal(second.heard, "-ERR 'maximum connections exceeded'\r\n")
  })

  test('WSEnqueueCloseMsg: Authentication Failure', async () => {
    await using closed = await start(`authorization { user: u, password: p }\n${CONFIG}`)
    using client = await WireClient.connect(closed.webSocket)
    client.say('CONNECT {"verbose":false,"user":"u","pass":"wrong"}\r\n')
    assert.deepEqual(await client.ended(), { code: 1008, reason: 'Authentication Failure' })
    assert.equal(client.heard, "-ERR 'Authorization Violation'\r\n")
  })

  test('WSEnqueueCloseMsg: Stale Connection', async () => {
    await using impatient = await start(`ping_max: 1\n${CONFIG.replace('"10s"', '"50ms"')}`)
    using client = await WireClient.connect(impatient.webSocket)
    client.say('CONNECT {"verbose":false}\r\n')
    assert.deepEqual(await client.ended(), { code: name === 'natsServer' ? 1006 : 1001, reason: 'Stale Connection' })
    assert.match(client.heard, /^(PING\r\n)+-ERR 'Stale Connection'\r\n$/)
  })

  test('WSEnqueueCloseMsg: Server Shutdown', async () => {
    const ending = await start(CONFIG)
    using client = await WireClient.ready(ending.webSocket)
    const [end] = await Promise.all([client.ended(), ending[Symbol.asyncDispose]()])
    assert.deepEqual(end, { code: 1001, reason: 'Server Shutdown' })
  })

  test('WSCloseMsgSendOnConnectionClose: the close frame comes behind what is due', async () => {
    using client = await WireClient.ready(server.webSocket)
    client.say('SUB a 1\r\nPUB a 3\r\none\r\nPUB a 3\r\ntwo\r\nHPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n')
    const ending = await client.ended()
    // There it is a read error, after which not even the messages are sure to come.
    if (name === 'newest') return
    assert.deepEqual(ending, { code: 1002, reason: 'Protocol Violation' })
    assert.equal(client.heard, 'MSG a 1 3\r\none\r\nMSG a 1 3\r\ntwo\r\n')
  })
})
