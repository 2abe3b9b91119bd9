import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeHeaders, NatsProtocolError, parseHeaders } from '#wire/nats'

for (const [text, status, description, headers] of [
  ['NATS/1.0\r\n\r\n', undefined, '', []],
  ['NATS/1.0 503\r\n\r\n', 503, '', []],
  [
    'NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 5\r\n\r\n',
    100,
    'Idle Heartbeat',
    [['Nats-Last-Consumer', ['5']]],
  ],
  [
    'NATS/1.0\r\nA: b\r\na: c\r\nA: d: e\r\nEmpty: \r\n\r\n',
    undefined,
    '',
    [
      ['A', ['b', 'd: e']],
      ['a', ['c']],
      ['Empty', ['']],
    ],
  ],
  ['NATS/1.0\r\nName: grün\r\n\r\n', undefined, '', [['Name', ['grün']]]],
] as const) {
  test(`${JSON.stringify(text)} is read`, () => {
    const block = parseHeaders(Buffer.from(text))
    assert.deepEqual({ ...block, headers: [...block.headers] }, { status, description, headers })
  })
}

test('blocks come out as they went in, with the values of a name together', () => {
  const text = 'NATS/1.0 408 Request Timeout\r\nA: 1\r\nA: 2\r\nb: ü\r\nEmpty: \r\n\r\n'
  assert.equal(encodeHeaders(parseHeaders(Buffer.from(text))).toString(), text)
  assert.equal(encodeHeaders({}).toString(), 'NATS/1.0\r\n\r\n')
})

test('blanks around values and a missing blank before them are all the same', () => {
  const { headers } = parseHeaders(Buffer.from('NATS/1.0\r\nA:b\r\nC: \t d  \r\n\r\n'))
  assert.deepEqual(
    [...headers],
    [
      ['A', ['b']],
      ['C', ['d']],
    ],
  )
})

for (const [text, message] of [
  ['', 'no empty line at the end'],
  ['NATS/1.0', 'no empty line at the end'],
  ['NATS/1.0\r\n', 'no empty line at the end'],
  ['NATS/1.0\r\nA: b\r\n', 'no empty line at the end'],
  ['NATS/2.0\r\n\r\n', 'bad first line "NATS/2.0"'],
  ['NATS/1.0503\r\n\r\n', 'bad first line "NATS/1.0503"'],
  ['NATS/1.0 5\r\n\r\n', 'bad first line "NATS/1.0 5"'],
  ['NATS/1.0\r\nab\r\n\r\n', 'bad line "ab"'],
  ['NATS/1.0\r\n: b\r\n\r\n', 'bad line ": b"'],
  ['NATS/1.0\r\n\r\nA: b\r\n\r\n', 'bad line ""'],
] as const) {
  test(`${JSON.stringify(text)} is no header block`, () => {
    assert.throws(
      () => parseHeaders(Buffer.from(text)),
      (error) =>
        error instanceof NatsProtocolError &&
        error.code === 'HEADERS' &&
        error.message === `Malformed header block: ${message}`,
    )
  })
}

for (const block of [
  { status: 5 },
  { status: 1000 },
  { status: 503, description: 'a\r\nb' },
  { headers: new Map([['', ['x']]]) },
  { headers: new Map([['a b', ['x']]]) },
  { headers: new Map([['a:', ['x']]]) },
  { headers: new Map([['a\r\n', ['x']]]) },
  { headers: new Map([['a', ['x\ny']]]) },
]) {
  test(`${JSON.stringify({ ...block, headers: block.headers && [...block.headers] })} is not written`, () => {
    assert.throws(() => encodeHeaders(block), RangeError)
  })
}
