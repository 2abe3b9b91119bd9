import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeHandshakeRequest,
  type HubMessage,
  HubMessageType,
  jsonProtocol,
  messagePackProtocol,
  readWhole,
} from '#wire/signalr'
import { event, LoneConnection } from './lone-connection.ts'

const call = (invocationId: string | null, target = 'X'): HubMessage => ({
  type: HubMessageType.Invocation,
  invocationId,
  target,
  arguments: [],
})

for (const protocol of [messagePackProtocol(64), jsonProtocol(64)]) {
  test(`${protocol.name}: handshake and calls are understood wherever they are cut`, () => {
    const said = Buffer.concat([
      encodeHandshakeRequest({ protocol: protocol.name, version: 1 }),
      protocol.encode(call('1')),
      protocol.ping,
      protocol.encode(call('2')),
    ])
    for (let cut = 1; cut < said.length; cut++) {
      const lone = new LoneConnection({ protocols: [protocol] })
      lone.connection.onMessage(said.subarray(0, cut), undefined)
      lone.connection.onMessage(said.subarray(cut), undefined)
      lone.endTurn()
      const heard = lone.carrier.take()
      assert.equal(heard.toString('latin1', 0, 3), '{}\x1e')
      const ids = [...readWhole(protocol, heard.subarray(3))].map(
        (message) => 'invocationId' in message && message.invocationId,
      )
      assert.deepEqual(ids, ['1', '2'], `cut at ${cut}`)
      assert.equal(lone.carrier.isText, !protocol.isBinary)
    }
  })

  test(`${protocol.name}: what comes byte by byte is understood`, () => {
    const lone = new LoneConnection({ protocols: [protocol] })
    const said = Buffer.concat([
      encodeHandshakeRequest({ protocol: protocol.name, version: 1 }),
      protocol.encode(call('1')),
    ])
    for (const byte of said) lone.connection.onMessage(Buffer.from([byte]), undefined)
    lone.endTurn()
    const heard = [...readWhole(protocol, lone.carrier.take().subarray(3))]
    assert.equal(heard.length, 1)
  })

  test(`${protocol.name}: a message that never ends closes the connection at 32 KiB`, () => {
    const lone = new LoneConnection({ protocols: [protocol] })
    lone.sayBytes(encodeHandshakeRequest({ protocol: protocol.name, version: 1 }))
    const whole = protocol.encode(call('1', 'x'.repeat(40_000)))
    for (let at = 0; at < whole.length && lone.carrier.end === undefined; at += 1_000) {
      lone.sayBytes(whole.subarray(at, at + 1_000))
      if (at === 0 && protocol.isBinary) break // Its length says so at once.
    }
    const [last] = [...readWhole(protocol, lone.carrier.take().subarray(3))]
    assert.deepEqual(last, {
      type: HubMessageType.Close,
      error: 'Connection closed with an error.',
      allowReconnect: false,
    })
    assert.equal(lone.carrier.end, 1000)
  })
}

test('a handshake that comes drop by drop has no more time than another', () => {
  const lone = new LoneConnection()
  const request = encodeHandshakeRequest({ protocol: 'messagepack', version: 1 })
  for (const byte of request.subarray(0, 14)) {
    lone.sayBytes(Buffer.from([byte]))
    lone.beat()
  }
  assert.equal(lone.carrier.end, undefined)
  lone.beat()
  assert.equal(lone.carrier.take().toString(), '{"error":"Handshake was canceled."}\x1e')
  assert.equal(lone.carrier.end, 1000)
})

test('a transport of text has no place for a binary protocol', () => {
  const lone = new LoneConnection({ carriesBinary: false })
  lone.sayBytes(encodeHandshakeRequest({ protocol: 'messagepack', version: 1 }))
  const error =
    "Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format."
  assert.equal(lone.carrier.take().toString(), `${JSON.stringify({ error })}\x1e`)
  assert.equal(lone.carrier.isText, true)
  assert.equal(lone.carrier.end, 1000)
})

test('nothing is said before the handshake, whatever happens', () => {
  const lone = new LoneConnection()
  lone.connection.tell(event('early'))
  lone.connection.ping()
  lone.beat(14)
  lone.connection.goAway('drain', 'over')
  lone.endTurn()
  assert.equal(lone.carrier.take().length, 0)
  assert.equal(lone.carrier.end, 1001)
})

test('calls of unknown methods are answered where an answer is wanted; a long name is cut', () => {
  const lone = LoneConnection.open()
  lone.say(
    call(null),
    { ...call('1'), type: HubMessageType.StreamInvocation } as HubMessage,
    call('2', '\u{1f600}'.repeat(5_000)),
  )
  const [stream, long, ...others] = lone.heard()
  assert.deepEqual(others, [])
  assert.ok(stream?.type === HubMessageType.Completion && stream.outcome.kind === 1)
  assert.equal(stream.outcome.error, "Unknown hub method 'X'")
  assert.ok(long?.type === HubMessageType.Completion && long.outcome.kind === 1)
  assert.equal(long.outcome.error, `Unknown hub method '${'\u{1f600}'.repeat(64)}'`)
})

test('what belongs to calls that nobody made is passed over: clients stream before they hear that there is no method', () => {
  const lone = LoneConnection.open()
  lone.say(
    { type: HubMessageType.StreamItem, invocationId: '7', item: 1 },
    { type: HubMessageType.Completion, invocationId: '7', outcome: { kind: 2 } },
    { type: HubMessageType.CancelInvocation, invocationId: '8' },
    call('1'),
  )
  assert.deepEqual(lone.heardNames(), ['answer 1'])
})

test("after a client's Close nothing of what it said is read, and nothing is answered", () => {
  const lone = LoneConnection.open()
  lone.say({ type: HubMessageType.Close, error: null, allowReconnect: false }, call('1'))
  assert.deepEqual(lone.heard(), [])
  assert.equal(lone.carrier.end, 1000)
  assert.deepEqual(lone.log, ['open', 'ending: closed by the client'])
})

test('a client that calls faster than it reads is not read from, and misses no answer', () => {
  const lone = LoneConnection.open({ maxPendingBytes: 10_000 })
  const names: string[] = []
  const total = 2_000
  for (let i = 0; i < total; i += 500) {
    lone.say(...Array.from({ length: 500 }, (_, j) => call(String(i + j))))
  }
  assert.equal(lone.carrier.isPaused, true)
  const answered = lone.heard().length
  assert.ok(answered > 100 && answered < 1_000, `${answered} answers at once`)
  lone.carrier.backlogBytes = 9_000
  lone.beat(60)
  assert.deepEqual(lone.heardNames(), [], 'and its silence is not held against it')
  lone.carrier.backlogBytes = 0
  for (let i = 0; i < 60 && names.length < total - answered; i++) {
    lone.beat()
    names.push(...lone.heardNames())
  }
  assert.deepEqual(
    names,
    Array.from({ length: total - answered }, (_, i) => `answer ${answered + i}`),
  )
  assert.equal(lone.carrier.isPaused, false)
})

test('a transport that hands over too much although nothing is read is closed', () => {
  const lone = LoneConnection.open({ maxPendingBytes: 10_000 })
  lone.carrier.backlogBytes = 9_000
  for (let i = 0; i < 100 && lone.carrier.end === undefined; i++) lone.say(call('1', 'x'.repeat(30_000)))
  assert.equal(lone.carrier.end, 1000)
  assert.match(lone.log.at(-1)!, /^ending: protocol error/)
})

test('a client that is behind with events is answered when it has caught up', () => {
  const substitute = event('sync')
  const lone = LoneConnection.open({ maxPendingBytes: 10_000, substitute })
  lone.carrier.backlogBytes = 9_990
  lone.connection.tell(event('missed', 100))
  lone.say(call('1'))
  assert.deepEqual(lone.heardNames(), [])
  lone.carrier.backlogBytes = 0
  lone.beat(2)
  assert.deepEqual(lone.heardNames(), ['sync', 'answer 1'])
})
