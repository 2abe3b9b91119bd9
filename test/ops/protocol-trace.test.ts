/** Lines as nats-server writes them for the same operations, recorded from one with `-V`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NatsLog, type NatsLogOptions, type ProtocolTrace } from '#ops'

const CLIENT = { client: 5, address: '127.0.0.1', port: 35028 }

function traced(say: (trace: ProtocolTrace) => void, options: Partial<NatsLogOptions> = {}): string[] {
  const lines: string[] = []
  const log = new NatsLog(
    {
      level: 'trace',
      debug: false,
      trace: true,
      traceHeaders: false,
      time: false,
      timeUtc: false,
      file: undefined,
      fileSizeLimitBytes: 0,
      maxFiles: 0,
      ...options,
    },
    { destination: { write: (line) => void lines.push(line) }, pid: 7 },
  )
  say(log.trace)
  return lines.map((line) => line.replace(/^\[7\] \[TRC\] /, '').replace(/\n$/, ''))
}

for (const [line, say] of [
  ['<<- [SUB foo 1]', (trace) => trace.received({}, 'SUB', 'foo 1')],
  ['<<- [PUB foo reply 9]', (trace) => trace.received({}, 'PUB', Buffer.from('foo reply 9'))],
  ['<<- [PING]', (trace) => trace.received({}, 'PING')],
  ['->> [PONG]', (trace) => trace.sent({}, 'PONG', '')],
  ['->> [OK]', (trace) => trace.sent({}, 'OK')],
  ['->> [MSG foo 1 5]', (trace) => trace.sent({}, 'MSG', 'foo 1 5')],
  ['->> [-ERR Authorization Violation]', (trace) => trace.sent({}, '-ERR', 'Authorization Violation')],
  ['<-> [DELSUB 2]', (trace) => trace.did({}, 'DELSUB', '2')],
  ['127.0.0.1:35028 - cid:5 - <<- [UNSUB 1 9]', (trace) => trace.received(CLIENT, 'UNSUB', '1 9')],
  ['<<- MSG_PAYLOAD: ["hello"]', (trace) => trace.receivedPayload({}, Buffer.from('hello'), 0)],
  [
    String.raw`127.0.0.1:35028 - cid:5 - ->> MSG_PAYLOAD: ["hel\x01o\"éx"]`,
    (trace) => trace.sentPayload(CLIENT, Buffer.from('hel\x01o"éx'), 0),
  ],
  [
    String.raw`<<- MSG_PAYLOAD: ["NATS/1.0\r\n\r\nhi"]`,
    (trace) => trace.receivedPayload({}, Buffer.from('NATS/1.0\r\n\r\nhi'), 12),
  ],
  [
    String.raw`<<- MSG_PAYLOAD: ["\a\b\f\n\r\t\v\\\x00\x7f\xff\xc3a\u2028é😀\U000e0001"]`,
    (trace) =>
      trace.receivedPayload(
        {},
        Buffer.concat([
          Buffer.from('\x07\b\f\n\r\t\v\\\x00\x7f'),
          Buffer.from([0xff, 0xc3]),
          Buffer.from('a\u2028é😀\u{e0001}'),
        ]),
        0,
      ),
  ],
] satisfies [string, (trace: ProtocolTrace) => void][]) {
  test(`traced: ${line}`, () => assert.deepEqual(traced(say), [line]))
}

for (const json of [
  "{'pass':'hunter2,3'}",
  '{"pass":hunter2}',
  '{"pass":["hunter2","hunter3"],"user":1}',
  '{pass = hunter2}',
  '{"PASS" : 123hunter',
  '{"auth_token":{"hunter":2}}',
]) {
  test(`a CONNECT that nobody can read is traced without its secrets: ${json}`, () => {
    const [line] = traced((trace) => trace.received({}, 'CONNECT', json))
    assert.match(line!, /^<<- \[CONNECT \{.*\[REDACTED\]/)
    assert.doesNotMatch(line!, /hunter/)
  })
}

test('an empty payload has no line', () => {
  assert.deepEqual(
    traced((trace) => trace.receivedPayload({}, Buffer.alloc(0), 0)),
    [],
  )
})

test('secrets of CONNECT are replaced, the rest stays as it came', () => {
  const connect =
    '{"verbose":true,"user":"u","pass":"se\\"cr\\"et", "auth_token" : "tok","jwt":"eyJabc","sig":"sss","nkey":"UABC",' +
    '"proxy_sig":"ppp","password":"x","token":"y","lang":"go","version":"1.2"}'
  assert.deepEqual(
    traced((trace) => trace.received({}, 'CONNECT', connect)),
    [
      '<<- [CONNECT {"verbose":true,"user":"u","pass":"[REDACTED]", "auth_token" : "[REDACTED]","jwt":"[REDACTED]",' +
        '"sig":"[REDACTED]","nkey":"[REDACTED]","proxy_sig":"[REDACTED]","password":"[REDACTED]",' +
        '"token":"[REDACTED]","lang":"go","version":"1.2"}]',
    ],
  )
})

test('a secret whose end is beyond what a line shows is hidden as well', () => {
  const secret = 'topsecret'.repeat(2000)
  for (const text of [`{"pass":"${secret}"}`, `{"x":"${'x'.repeat(4080)}","pass":"${secret}"}`]) {
    const [line] = traced((trace) => trace.received({}, 'CONNECT', Buffer.from(text)))
    assert.doesNotMatch(line!, /topsecret/)
    assert.ok(line!.length < 5000)
  }
})

test('max_traced_msg_len cuts payloads', () => {
  const options = { maxTracedBytes: 6 }
  assert.deepEqual(
    traced((trace) => {
      trace.receivedPayload({}, Buffer.from('hello'), 0)
      trace.receivedPayload({}, Buffer.from('hello!'), 0)
      trace.sentPayload({}, Buffer.from('hel\x01o"ex'), 0)
    }, options),
    ['<<- MSG_PAYLOAD: ["hello"]', '<<- MSG_PAYLOAD: ["hello!"]', String.raw`->> MSG_PAYLOAD: ["hel\x01o\"..."]`],
  )
})

test('a payload of a megabyte costs one short line', () => {
  const [line] = traced((trace) => trace.receivedPayload({}, Buffer.alloc(1 << 20, 'a'), 0))
  assert.match(line!, /^<<- MSG_PAYLOAD: \["a{4096}\.\.\."\]$/)
})

test('trace_headers shows the headers and nothing else', () => {
  assert.deepEqual(
    traced(
      (trace) => {
        trace.receivedPayload({}, Buffer.from('NATS/1.0\r\nA: b\r\n\r\nbody'), 18)
        trace.receivedPayload({}, Buffer.from('body'), 0)
      },
      { traceHeaders: true },
    ),
    [String.raw`<<- MSG_PAYLOAD: ["NATS/1.0\r\nA: b"]`],
  )
})

test('nothing is traced while trace is off', () => {
  assert.deepEqual(
    traced(
      (trace) => {
        trace.received({}, 'PING')
        trace.sentPayload({}, Buffer.from('x'), 0)
      },
      { trace: false, debug: true },
    ),
    [],
  )
})

for (const [name, shown] of [
  [String.raw`p\u0061ss`, 'pass'],
  [String.raw`auth\u005Ftoken`, 'auth_token'],
  [String.raw`\u006Awt`, 'jwt'],
  [String.raw`\u0073\u0069\u0067`, 'sig'],
]) {
  test(`a secret is hidden though its name is written as ${name}`, () => {
    const [line] = traced((trace) => trace.received({}, 'CONNECT', `{"${name}":"hunter2","lang":"\\u0022"}`))
    assert.equal(line, `<<- [CONNECT {"${shown}":"[REDACTED]","lang":"\\u0022"}]`)
  })
}
