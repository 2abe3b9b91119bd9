import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClientHandler, ClientParser, NatsProtocolError } from '#wire/nats'
import { seededRandom, waysToCut } from '../cuts.ts'

type Event = readonly [operation: string, ...fields: unknown[]]

const LIMITS = { maxControlLineBytes: 4096, maxPayloadBytes: 1024 }

/** A handler that writes down what it is told, bytes as byte strings. */
function recorder(events: Event[]): ClientHandler {
  return {
    onConnect: (json) => events.push(['CONNECT', json]),
    onPublish: (subject, reply, body, headerBytes) =>
      events.push(['PUB', subject, reply, body.toString('latin1'), headerBytes]),
    onSubscribe: (subject, queue, sid) => events.push(['SUB', subject, queue, sid]),
    onUnsubscribe: (sid, max) => events.push(['UNSUB', sid, max]),
    onPing: () => events.push(['PING']),
    onPong: () => events.push(['PONG']),
    onError: (text) => events.push(['-ERR', text]),
  }
}

function parse(pieces: readonly Buffer[], limits = LIMITS): { events: Event[]; error?: NatsProtocolError } {
  const events: Event[] = []
  const parser = new ClientParser(limits, recorder(events))
  for (const piece of pieces) {
    try {
      parser.feed(piece)
    } catch (error) {
      assert.ok(error instanceof NatsProtocolError)
      parser.feed(Buffer.from('PING\r\n'))
      return { events, error }
    }
  }
  return { events }
}

const OPERATIONS: readonly [text: string, ...events: Event[]][] = [
  ['CONNECT {"verbose":false, "name":"x"}\r\n', ['CONNECT', '{"verbose":false, "name":"x"}']],
  ['connect\t{}  \n', ['CONNECT', '{}']],
  ['CONNECT{}\r\n', ['CONNECT', '{}']],
  ['CONNECT\r\n', ['CONNECT', '']],
  ['CONNECT {"name":"gr\xc3\xbcn"}\r\n', ['CONNECT', '{"name":"grün"}']],
  ['PING\r\nPONG\r\nping\nPoNg\n', ['PING'], ['PONG'], ['PING'], ['PONG']],
  ['PING and more\r\n+OK\r\n+ok whatever\nPONG!\r\n', ['PING'], ['PONG']],
  ["-ERR 'x y'\r\nINFO {}\r\n-err z\n", ['-ERR', "'x y'"], ['-ERR', 'z']],
  ['PUB foo 5\r\nhello\r\n', ['PUB', 'foo', '', 'hello', 0]],
  ['PUB foo.bar _INBOX.1 2\r\nhi\r\n', ['PUB', 'foo.bar', '_INBOX.1', 'hi', 0]],
  ['pub\tfoo \t bar  2 \nhi\r\n', ['PUB', 'foo', 'bar', 'hi', 0]],
  ['PUB foo 0\r\n\r\n', ['PUB', 'foo', '', '', 0]],
  ['PUB foo 000000004\r\n\r\n\r\n\r\n', ['PUB', 'foo', '', '\r\n\r\n', 0]],
  ['PUB a.\xff\xc3\xa9 1\r\n\x80\r\n', ['PUB', 'a.\xff\xc3\xa9', '', '\x80', 0]],
  [
    'PUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPUB b 1\r\n3\r\nPUB a 1\r\n4\r\nPUB aa 1\r\n5\r\n',
    ['PUB', 'a', '', '1', 0],
    ['PUB', 'a', '', '2', 0],
    ['PUB', 'b', '', '3', 0],
    ['PUB', 'a', '', '4', 0],
    ['PUB', 'aa', '', '5', 0],
  ],
  [
    'HPUB foo.bar 24 27\r\nNATS/1.0\r\nA: b\r\nC: d\r\n\r\nxyz\r\n',
    ['PUB', 'foo.bar', '', 'NATS/1.0\r\nA: b\r\nC: d\r\n\r\nxyz', 24],
  ],
  ['hpub a r 12 12\r\nNATS/1.0\r\n\r\n\r\n', ['PUB', 'a', 'r', 'NATS/1.0\r\n\r\n', 12]],
  ['HPUB a 0 1\r\nx\r\n', ['PUB', 'a', '', 'x', 0]],
  [
    'SUB foo.* 1\r\nSUB q grp 2\r\nsub  >\tg-1  abc \n',
    ['SUB', 'foo.*', '', '1'],
    ['SUB', 'q', 'grp', '2'],
    ['SUB', '>', 'g-1', 'abc'],
  ],
  [
    'UNSUB 5\r\nUNSUB 5 2\r\nunsub 5 x\r\nUNSUB 5 -1\n',
    ['UNSUB', '5', 0],
    ['UNSUB', '5', 2],
    ['UNSUB', '5', 0],
    ['UNSUB', '5', 0],
  ],
]

for (const [text, ...events] of OPERATIONS) {
  test(`${JSON.stringify(text)} is understood, however it is cut`, () => {
    for (const { how, pieces } of waysToCut(Buffer.from(text, 'latin1'))) {
      assert.deepEqual(parse(pieces).events, events, how)
    }
  })
}

const VIOLATIONS: readonly [text: string, code: string, message: string][] = [
  ['PUB a 2\r\nhello\r\n', 'PARSE', 'Payload is not followed by CRLF'],
  ['PUB a 2\r\nhi\n\r\n', 'PARSE', 'Payload is not followed by CRLF'],
  ['PUB a 2\r\nhi\rx', 'PARSE', 'Payload is not followed by CRLF'],
  ['PUB a\r\n', 'ARGUMENTS', 'Bad arguments, expected PUB <subject> [reply] <#bytes>'],
  ['PUB a b c 1\r\n', 'ARGUMENTS', 'Bad arguments, expected PUB <subject> [reply] <#bytes>'],
  ['PUB a -1\r\n', 'ARGUMENTS', 'Bad arguments, expected PUB <subject> [reply] <#bytes>'],
  ['PUB a 1x\r\n', 'ARGUMENTS', 'Bad arguments, expected PUB <subject> [reply] <#bytes>'],
  ['PUB a 1234567890\r\n', 'ARGUMENTS', 'Bad arguments, expected PUB <subject> [reply] <#bytes>'],
  ['PUB a\rb 1\r\n', 'ARGUMENTS', 'Bad arguments, expected PUB <subject> [reply] <#bytes>'],
  ['PUB \r\n', 'ARGUMENTS', 'Bad arguments, expected PUB <subject> [reply] <#bytes>'],
  ['HPUB a 12\r\n', 'ARGUMENTS', 'Bad arguments, expected HPUB <subject> [reply] <#header> <#total>'],
  ['HPUB a 12 11\r\n', 'ARGUMENTS', 'Bad arguments, expected HPUB <subject> [reply] <#header> <#total>'],
  ['HPUB a x 12\r\n', 'ARGUMENTS', 'Bad arguments, expected HPUB <subject> [reply] <#header> <#total>'],
  ['HPUB a 1 x\r\n', 'ARGUMENTS', 'Bad arguments, expected HPUB <subject> [reply] <#header> <#total>'],
  ['HPUB a b c 1 1\r\n', 'ARGUMENTS', 'Bad arguments, expected HPUB <subject> [reply] <#header> <#total>'],
  ['SUB a\r\n', 'ARGUMENTS', 'Bad arguments, expected SUB <subject> [queue] <sid>'],
  ['SUB a b c d e f\r\n', 'ARGUMENTS', 'Bad arguments, expected SUB <subject> [queue] <sid>'],
  ['SUB a\rb 1\r\n', 'ARGUMENTS', 'Bad arguments, expected SUB <subject> [queue] <sid>'],
  ['UNSUB  \r\n', 'ARGUMENTS', 'Bad arguments, expected UNSUB <sid> [max]'],
  ['UNSUB a 1 2\r\n', 'ARGUMENTS', 'Bad arguments, expected UNSUB <sid> [max]'],
  ['PUB a 1025\r\n', 'MAX_PAYLOAD', 'A payload of 1025 bytes exceeds the maximum of 1024'],
  ['HPUB a 12 1025\r\n', 'MAX_PAYLOAD', 'A payload of 1025 bytes exceeds the maximum of 1024'],
  ...[
    'GET',
    '-ERRX',
    'INFOX',
    'MSG',
    'HMSG',
    'RS+',
    'RS-',
    'RMSG',
    'LS+',
    'LS-',
    'LMSG',
    'A+',
    'A-',
    'PUBS',
    'SUBSCRIBE',
  ].map((verb): [string, string, string] => [`${verb} 'x'\r\n`, 'PARSE', `Unknown operation "${verb}"`]),
  ['\r\n', 'PARSE', 'Unknown operation ""'],
  [' PING\r\n', 'PARSE', 'Unknown operation ""'],
  ['PUB\r\n', 'PARSE', 'Unknown operation "PUB"'],
]

for (const [text, code, message] of VIOLATIONS) {
  test(`${JSON.stringify(text)} is refused (${code}), what came before it is not`, () => {
    for (const { how, pieces } of waysToCut(Buffer.from(`PING\r\nPUB a 1\r\nx\r\n${text}`, 'latin1'))) {
      const { events, error } = parse(pieces)
      assert.deepEqual(events, [['PING'], ['PUB', 'a', '', 'x', 0]], how)
      assert.equal(error?.code, code, how)
      // How much of a wrong verb is quoted depends on how much of it has come.
      if (!message.startsWith('Unknown operation')) assert.equal(error?.message, message, how)
    }
    assert.equal(parse([Buffer.from(text, 'latin1')]).error?.message, message)
  })
}

for (const beginning of ['G', 'PA', 'PUX', 'SUBS', 'CONX', '\x16\x03', '-X', '+E']) {
  test(`${JSON.stringify(beginning)} is refused before its line ends`, () => {
    assert.equal(parse([Buffer.from(beginning, 'latin1')]).error?.code, 'PARSE')
  })
}

test('an error quotes the verb but nothing behind it', () => {
  const { error } = parse([Buffer.from('CONECT {"pass":"secret"}\r\n')])
  assert.equal(error?.message, 'Unknown operation "CONECT"')
})

test('a control line of exactly the maximum is read, one byte more is refused', () => {
  for (const verb of ['PUB', 'SUB', 'UNSUB', 'CONNECT', 'PING']) {
    for (const lineEnd of ['\r\n', '\n']) {
      const limits = { ...LIMITS, maxControlLineBytes: 40 }
      const line = (length: number) =>
        Buffer.from(`${verb} ${verb === 'UNSUB' ? '' : 'a '}`.padEnd(verb.length + 1 + length, '1') + lineEnd)
      for (const { how, pieces } of waysToCut(line(40))) {
        // A size of that many digits is none.
        const expected = verb === 'PUB' ? 'ARGUMENTS' : undefined
        assert.equal(parse(pieces, limits).error?.code, expected, `${verb}, ${how}`)
      }
      for (const { how, pieces } of waysToCut(line(41))) {
        assert.equal(parse(pieces, limits).error?.code, 'MAX_CONTROL_LINE', `${verb}, ${how}`)
      }
    }
  }
})

test('a line that never ends is refused once it is too long', () => {
  assert.equal(parse([Buffer.from(`PUB ${'x'.repeat(5000)}`)]).error?.code, 'MAX_CONTROL_LINE')
  const pieces = Array.from({ length: 5000 }, (_, i) => Buffer.from(i === 0 ? 'SUB ' : 'x'))
  assert.equal(parse(pieces).error?.code, 'MAX_CONTROL_LINE')
})

test('the limits may change between two operations of one chunk', () => {
  const events: Event[] = []
  const parser: ClientParser = new ClientParser(LIMITS, {
    ...recorder(events),
    onConnect() {
      parser.limits = { ...LIMITS, maxPayloadBytes: 3 }
    },
  })
  assert.throws(
    () => parser.feed(Buffer.from('PUB a 4\r\n1234\r\nCONNECT {}\r\nPUB a 3\r\n123\r\nPUB a 4\r\n')),
    (error) => error instanceof NatsProtocolError && error.code === 'MAX_PAYLOAD',
  )
  assert.equal(events.length, 2)
})

test('a payload that arrives whole is a view of its chunk, also when its line came before', () => {
  const bodies: Buffer[] = []
  const parser = new ClientParser(LIMITS, { ...recorder([]), onPublish: (_subject, _reply, body) => bodies.push(body) })
  const chunks = ['PUB a 5\r\nhello\r\n', 'PUB a 5\r\n', 'world\r\n'].map((text) => Buffer.from(text))
  for (const chunk of chunks) parser.feed(chunk)
  assert.deepEqual(bodies.map(String), ['hello', 'world'])
  assert.equal(bodies[0]?.buffer, chunks[0]?.buffer)
  assert.equal(bodies[1]?.buffer, chunks[2]?.buffer)
})

test('payloads that arrived in pieces keep their bytes', () => {
  const bodies: Buffer[] = []
  const parser = new ClientParser(LIMITS, { ...recorder([]), onPublish: (_subject, _reply, body) => bodies.push(body) })
  for (const byte of Buffer.from('PUB a 3\r\nabc\r\nPUB a 3\r\nxyz\r\n')) parser.feed(Buffer.from([byte]))
  assert.deepEqual(bodies.map(String), ['abc', 'xyz'])
})

test('a parser that is stopped from a handler ignores the rest', () => {
  const events: Event[] = []
  const parser: ClientParser = new ClientParser(LIMITS, { ...recorder(events), onPong: () => parser.stop() })
  parser.feed(Buffer.from('PING\r\nPONG\r\nPING\r\nnonsense'))
  parser.feed(Buffer.from('PING\r\n'))
  assert.deepEqual(events, [['PING']])
})

test('what a handler throws comes out of feed and ends the parsing', () => {
  const events: Event[] = []
  const parser = new ClientParser(LIMITS, {
    ...recorder(events),
    onPong() {
      throw new Error('mine')
    },
  })
  assert.throws(() => parser.feed(Buffer.from('PING\r\nPONG\r\nPING\r\n')), /mine/)
  parser.feed(Buffer.from('PING\r\n'))
  assert.deepEqual(events, [['PING']])
})

test('a paused parser holds what follows, in order, until it resumes', () => {
  const events: Event[] = []
  const parser: ClientParser = new ClientParser(LIMITS, {
    ...recorder(events),
    onConnect(json) {
      events.push(['CONNECT', json])
      parser.pause()
    },
  })
  parser.feed(Buffer.from('CONNECT 1\r\nPUB a 2\r\nhi\r\nCONNECT 2\r\nPI'))
  parser.feed(Buffer.from('NG\r\nCONNECT 3\r\n'))
  assert.deepEqual(events, [['CONNECT', '1']])
  parser.resume()
  assert.deepEqual(events.slice(1), [
    ['PUB', 'a', '', 'hi', 0],
    ['CONNECT', '2'],
  ])
  parser.feed(Buffer.from('PONG\r\n'))
  parser.resume()
  assert.deepEqual(events.slice(3), [['PING'], ['CONNECT', '3']])
  parser.resume()
  assert.deepEqual(events.slice(5), [['PONG']])
})

test('a parser that is stopped while paused does not resume', () => {
  const events: Event[] = []
  const parser = new ClientParser(LIMITS, recorder(events))
  parser.pause()
  parser.feed(Buffer.from('PING\r\n'))
  parser.stop()
  parser.resume()
  parser.feed(Buffer.from('PING\r\n'))
  assert.deepEqual(events, [])
})

test('a client that has yet to log in is asked about with the first byte of what is no CONNECT', () => {
  const bytes = Buffer.from('CONNECT {}\r\nPUB a 900\r\n')
  for (let cut = 0; cut <= 13; cut++) {
    const events: Event[] = []
    const parser: ClientParser = new ClientParser(LIMITS, {
      ...recorder(events),
      onUninvited() {
        events.push(['uninvited'])
        parser.stop()
      },
    })
    parser.awaitsConnect = true
    parser.feed(bytes.subarray(0, cut))
    parser.feed(bytes.subarray(cut, 13))
    assert.deepEqual(events, [['CONNECT', '{}'], ['uninvited']], `cut at ${cut}`)
  }
})

test('a client that is let in without CONNECT loses nothing, whether that takes time or not', () => {
  const events: Event[] = []
  const parser: ClientParser = new ClientParser(LIMITS, {
    ...recorder(events),
    onUninvited() {
      events.push(['uninvited'])
      parser.pause()
    },
  })
  parser.awaitsConnect = true
  parser.feed(Buffer.from('PING\r\nPON'))
  parser.feed(Buffer.from('G\r\n'))
  assert.deepEqual(events, [['uninvited']])
  parser.awaitsConnect = false
  parser.resume()
  assert.deepEqual(events.slice(1), [['PING'], ['PONG']])
})

test('HPUB of a client without headers is refused before its message is there', () => {
  const parser = new ClientParser(LIMITS, recorder([]))
  parser.acceptsHeaders = false
  const isRefused = (error: unknown) => error instanceof NatsProtocolError && error.code === 'ARGUMENTS'
  assert.throws(() => parser.feed(Buffer.from('HPUB a 12 12\r\n')), isRefused)
})

test('random operations in random cuts come out as they went in', () => {
  const random = seededRandom(11)
  for (let round = 0; round < 60; round++) {
    const operations = Array.from({ length: 30 }, () => randomOperation(random))
    const bytes = Buffer.from(operations.map(([text]) => text).join(''), 'latin1')
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + random(random(4) === 0 ? 400 : 20)
      pieces.push(Buffer.from(bytes.subarray(at, end)))
      at = end
    }
    assert.deepEqual(
      parse(pieces).events,
      operations.map(([, event]) => event),
      `round ${round}`,
    )
  }
})

function randomOperation(random: (limit: number) => number): [text: string, event: Event] {
  const word = () => Array.from({ length: 1 + random(20) }, () => String.fromCharCode(33 + random(200))).join('')
  const gap = () => [' ', '\t', '  ', ' \t '][random(4)]!
  const lineEnd = () => ['\r\n', '\n'][random(2)]!
  const [subject, reply] = [word(), random(2) === 0 ? '' : word()]
  const body = Array.from({ length: random(300) }, () => String.fromCharCode(random(256))).join('')
  const replyField = reply === '' ? '' : reply + gap()
  switch (random(5)) {
    case 0:
      return [
        `PUB${gap()}${subject}${gap()}${replyField}${body.length}${lineEnd()}${body}\r\n`,
        ['PUB', subject, reply, body, 0],
      ]
    case 1: {
      const header = random(body.length + 1)
      const sizes = `${header}${gap()}${body.length}`
      return [
        `HpUb${gap()}${subject}${gap()}${replyField}${sizes}${lineEnd()}${body}\r\n`,
        ['PUB', subject, reply, body, header],
      ]
    }
    case 2:
      return [`SUB${gap()}${subject}${gap()}${replyField}7${gap()}${lineEnd()}`, ['SUB', subject, reply, '7']]
    case 3:
      return [`UNSUB${gap()}${subject}${gap()}12${lineEnd()}`, ['UNSUB', subject, 12]]
    default:
      return [`PING${lineEnd()}`, ['PING']]
  }
}
