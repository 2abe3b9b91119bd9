import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LeafParser, leafHmsgHead, lmsgHead, NatsProtocolError } from '#wire/nats'
import { seededRandom, waysToCut } from '../cuts.ts'
import { type LeafEvent, REFUSED, UNDERSTOOD } from './leaf-lines.ts'
import { leafRecorder } from './leaf-recorder.ts'

const LIMITS = { maxControlLineBytes: 16 * 4096, maxPayloadBytes: 1024 }

function parse(pieces: readonly Buffer[], limits = LIMITS): { events: LeafEvent[]; error?: NatsProtocolError } {
  const events: LeafEvent[] = []
  const parser = new LeafParser(limits, leafRecorder(events))
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

/** Both INFO and CONNECT have JSON, which a nats-server would want to make sense. */
const LOGINS: readonly (readonly [text: string, ...events: LeafEvent[]])[] = [
  ['INFO {"a":1} \r\ninfo{}\n', ['info', '{"a":1}'], ['info', '{}']],
  ['CONNECT {"name":"gr\xc3\xbcn"}\r\nconnect\t{}  \n', ['connect', '{"name":"grün"}'], ['connect', '{}']],
]

for (const [text, ...events] of [...LOGINS, ...UNDERSTOOD]) {
  test(`${JSON.stringify(text)} is understood, however it is cut`, () => {
    for (const { how, pieces } of waysToCut(Buffer.from(text, 'latin1'))) {
      assert.deepEqual(parse(pieces).events, events, how)
    }
  })
}

for (const [text, code, message] of REFUSED) {
  test(`${JSON.stringify(text)} is refused (${code}), what came before it is not`, () => {
    for (const { how, pieces } of waysToCut(Buffer.from(`PING\r\nLMSG a 1\r\nx\r\n${text}`, 'latin1'))) {
      const { events, error } = parse(pieces)
      assert.deepEqual(events, [['ping'], ['message', 'a', '', [], 'x', 0]], how)
      assert.equal(error?.code, code, how)
      // How much of a wrong verb is quoted depends on how much of it has come.
      if (!message.startsWith('Unknown operation')) assert.equal(error?.message, message, how)
    }
    assert.equal(parse([Buffer.from(text, 'latin1')]).error?.message, message)
  })
}

/** Of `spec/nats.md` §5.9, one line of the wire each, the three dots as they stand there. */
const HUB_TRANSCRIPT = [
  'INFO {"server_id":"NA4OH4…","server_name":"hub","version":"2.9.10","proto":1,"go":"go1.19.8","host":"127.0.0.1","port":7451,"headers":true,"auth_required":true,"max_payload":1048576,"ip":"127.0.0.1:7451","client_id":7,"nonce":"vIYz6bxzXsOJmRk","info_on_connect":true,"leafnode_urls":["127.0.0.1:7451"]} ',
  'LS+ wild.>',
  'LS+ $LDS.TSYsZ2yzJ0ZXbNxi7Cj1Zw',
  'LS+ $SYS.REQ.ACCOUNT.PING.CONNZ',
  'LS+ hub.sub',
  'LS+ hub.q grp 2',
  'PONG',
  ...['LMSG leaf.sub 5', 'hello', 'LMSG leaf.sub _INBOX.r 2', 'hi'],
  ...['LMSG leaf.q | lgrp 2', 'qq', 'LMSG leaf.q + _INBOX.r lgrp 2', 'qr'],
  ...[
    'HMSG leaf.sub 18 20',
    'NATS/1.0',
    'X: 1',
    '',
    'hh',
    'HMSG leaf.sub _INBOX.r 18 20',
    'NATS/1.0',
    'X: 1',
    '',
    'hr',
  ],
  ...['LS+ new.sub', 'LS+ hub.q grp 3', 'LS- new.sub', 'LS+ hub.q grp 2', 'LS+ hub.q grp 1', 'LS- hub.q grp'],
  `-ERR 'Loop detected for leafnode account="A". Delaying attempt to reconnect for 30s'`,
]

test('the transcript of a hub is understood, however it is cut', () => {
  const headers = 'NATS/1.0\r\nX: 1\r\n\r\n'
  for (const { how, pieces } of waysToCut(Buffer.from(HUB_TRANSCRIPT.map((line) => `${line}\r\n`).join('')))) {
    const [info, ...events] = parse(pieces).events
    assert.deepEqual(info, ['info', HUB_TRANSCRIPT[0]?.slice('INFO '.length).trim()], how)
    assert.deepEqual(
      events,
      [
        ['interest', 'wild.>', '', 1],
        ['interest', '$LDS.TSYsZ2yzJ0ZXbNxi7Cj1Zw', '', 1],
        ['interest', '$SYS.REQ.ACCOUNT.PING.CONNZ', '', 1],
        ['interest', 'hub.sub', '', 1],
        ['interest', 'hub.q', 'grp', 2],
        ['pong'],
        ['message', 'leaf.sub', '', [], 'hello', 0],
        ['message', 'leaf.sub', '_INBOX.r', [], 'hi', 0],
        ['message', 'leaf.q', '', ['lgrp'], 'qq', 0],
        ['message', 'leaf.q', '_INBOX.r', ['lgrp'], 'qr', 0],
        ['message', 'leaf.sub', '', [], `${headers}hh`, 18],
        ['message', 'leaf.sub', '_INBOX.r', [], `${headers}hr`, 18],
        ['interest', 'new.sub', '', 1],
        ['interest', 'hub.q', 'grp', 3],
        ['no interest', 'new.sub', ''],
        ['interest', 'hub.q', 'grp', 2],
        ['interest', 'hub.q', 'grp', 1],
        ['no interest', 'hub.q', 'grp'],
        ['error', 'Loop detected for leafnode account="A". Delaying attempt to reconnect for 30s'],
      ],
      how,
    )
  }
})

test('the transcript of a spoke is understood by who accepts it, however it is cut', () => {
  const lines = [
    'CONNECT {"version":"2.9.10","user":"u1","pass":"p1","tls_required":false,"server_id":"NCHVKF…","name":"spoke","cluster":"spoke","headers":true}',
    ...['LS+ $LDS.EVU5VT7OtzunPojwHKDc4p', 'LS+ $SYS.REQ.ACCOUNT.PING.STATZ', 'PONG', 'PING', 'LS+ down.x'],
    ...['LMSG up.a 3', 'abc', 'LMSG up.a _INBOX.q 1', 'z'],
  ]
  for (const { how, pieces } of waysToCut(Buffer.from(lines.map((line) => `${line}\r\n`).join('')))) {
    assert.deepEqual(
      parse(pieces).events,
      [
        ['connect', lines[0]?.slice('CONNECT '.length)],
        ['interest', '$LDS.EVU5VT7OtzunPojwHKDc4p', '', 1],
        ['interest', '$SYS.REQ.ACCOUNT.PING.STATZ', '', 1],
        ['pong'],
        ['ping'],
        ['interest', 'down.x', '', 1],
        ['message', 'up.a', '', [], 'abc', 0],
        ['message', 'up.a', '_INBOX.q', [], 'z', 0],
      ],
      how,
    )
  }
})

for (const beginning of ['G', 'M', 'LM ', 'LSX', 'LS+x', 'RM', 'A*', 'CONX', '\x16\x03', '-X', '+E']) {
  const isRefused = beginning !== 'RM'
  test(`${JSON.stringify(beginning)} is ${isRefused ? 'refused' : 'waited for'} before its line ends`, () => {
    assert.equal(parse([Buffer.from(beginning, 'latin1')]).error?.code, isRefused ? 'PARSE' : undefined)
  })
}

test('a CR inside a line is refused where a subject would have it', () => {
  for (const line of ['LMSG a\rb 1\r\n', 'LMSG a r\r 1\r\n', 'HMSG a | q\rq 1 1\r\n', 'LS+ a q\r 1\r\n']) {
    assert.equal(parse([Buffer.from(line)]).error?.code, 'ARGUMENTS', JSON.stringify(line))
  }
  assert.deepEqual(parse([Buffer.from('LS- a\rb\r\n')]).events, [])
})

test('a control line of exactly the maximum is read, one byte more is refused', () => {
  for (const verb of ['LMSG', 'HMSG', 'LS+', 'LS-', 'CONNECT', 'INFO', 'PING']) {
    for (const lineEnd of ['\r\n', '\n']) {
      const limits = { ...LIMITS, maxControlLineBytes: 40 }
      const line = (length: number) => Buffer.from(`${verb} `.padEnd(verb.length + 1 + length, '1') + lineEnd)
      // Nothing but a subject.
      const expected = verb === 'LMSG' || verb === 'HMSG' ? 'ARGUMENTS' : undefined
      for (const { how, pieces } of waysToCut(line(40))) {
        assert.equal(parse(pieces, limits).error?.code, expected, `${verb}, ${how}`)
      }
      for (const { how, pieces } of waysToCut(line(41))) {
        assert.equal(parse(pieces, limits).error?.code, 'MAX_CONTROL_LINE', `${verb}, ${how}`)
      }
    }
  }
})

test('a line that never ends is refused once it is too long', () => {
  assert.equal(parse([Buffer.from(`LMSG ${'x'.repeat(70_000)}`)]).error?.code, 'MAX_CONTROL_LINE')
  const pieces = Array.from({ length: 70_000 }, (_, i) => Buffer.from(i === 0 ? 'LS+ ' : 'x'))
  assert.equal(parse(pieces).error?.code, 'MAX_CONTROL_LINE')
})

test('a body of exactly the maximum is read, one byte more is refused with its line', () => {
  const body = 'x'.repeat(1024)
  for (const head of ['LMSG a 1024', 'LMSG a | q 1024', 'HMSG a r 1 1024', 'HMSG a + r q 1 1024']) {
    assert.equal(parse([Buffer.from(`${head}\r\n${body}\r\n`)]).events.length, 1, head)
    const { error } = parse([Buffer.from(`${head.replace('1024', '1025')}\r\n`)])
    assert.equal(error?.message, 'A payload of 1025 bytes exceeds the maximum of 1024', head)
    assert.equal(error?.code, 'MAX_PAYLOAD', head)
  }
})

test('a message may name as many queues as a line has room for', () => {
  for (const count of [8, 9, 10, 11, 12, 13, 14, 15, 16, 100, 32_000]) {
    const queues = Array.from({ length: count }, (_, i) => (count > 1000 ? 'q' : `q${i}`))
    for (const reply of ['', 'r']) {
      const heads = [lmsgHead('a', reply, queues, 14), leafHmsgHead('a', reply, queues, 12, 14)]
      const bytes = Buffer.from(heads.map((head) => `${head}NATS/1.0\r\n\r\nhi\r\n`).join(''))
      for (const pieces of [[bytes], [bytes.subarray(0, count), bytes.subarray(count)]]) {
        const { events } = parse(pieces)
        const expected = [0, 12].map((headerBytes) => [
          'message',
          'a',
          reply,
          queues,
          'NATS/1.0\r\n\r\nhi',
          headerBytes,
        ])
        assert.deepEqual(events, expected, `${count} queues`)
      }
    }
  }
})

test('the queues of one message are not those of the next, while both are kept', () => {
  const heard: (readonly string[])[] = []
  const onMessage = (_subject: string, _reply: string, queues: readonly string[]) => heard.push(queues)
  const parser = new LeafParser(LIMITS, { ...leafRecorder([]), onMessage })
  parser.feed(Buffer.from('LMSG a | q r 0\r\n\r\nLMSG a | q r 0\r\n\r\nLMSG a | q s 0\r\n\r\nLMSG a 0\r\n\r\n'))
  assert.deepEqual(heard, [['q', 'r'], ['q', 'r'], ['q', 's'], []])
  assert.equal(heard[0], heard[1], 'the same names are not made again')
})

test('a body that arrives whole is a view of its chunk, one that arrives in pieces keeps its bytes', () => {
  const bodies: Buffer[] = []
  const onMessage = (_subject: string, _reply: string, _queues: unknown, body: Buffer) => bodies.push(body)
  const parser = new LeafParser(LIMITS, { ...leafRecorder([]), onMessage })
  const chunk = Buffer.from('LMSG a 5\r\nhello\r\n')
  parser.feed(chunk)
  for (const byte of Buffer.from('LMSG a 3\r\nabc\r\nLMSG a 3\r\nxyz\r\n')) parser.feed(Buffer.from([byte]))
  assert.deepEqual(bodies.map(String), ['hello', 'abc', 'xyz'])
  assert.equal(bodies[0]?.buffer, chunk.buffer)
})

test('a paused parser holds what follows, in order, until it resumes; a stopped one forgets it', () => {
  const events: LeafEvent[] = []
  const parser: LeafParser = new LeafParser(LIMITS, {
    ...leafRecorder(events),
    onConnect(json) {
      events.push(['connect', json])
      parser.pause()
    },
  })
  parser.feed(Buffer.from('CONNECT 1\r\nLMSG a 2\r\nhi\r\nCONNECT 2\r\nLS'))
  parser.feed(Buffer.from('+ a\r\nPONG\r\n'))
  assert.deepEqual(events.splice(0), [['connect', '1']])
  parser.resume()
  assert.deepEqual(events.splice(0), [
    ['message', 'a', '', [], 'hi', 0],
    ['connect', '2'],
  ])
  parser.resume()
  assert.deepEqual(events.splice(0), [['interest', 'a', '', 1], ['pong']])
  parser.feed(Buffer.from('CONNECT 3\r\nPING\r\n'))
  parser.stop()
  parser.resume()
  parser.feed(Buffer.from('PING\r\n'))
  assert.deepEqual(events, [['connect', '3']])
})

test('a peer that has yet to log in may say INFO and CONNECT, and is asked about with the first byte of anything else', () => {
  const invited = 'info {}\r\nINFO {"compression":"s2_auto"}\r\nconnect {}\r\nCONNECT {}\r\n'
  for (const line of ['LS+ a\r\n', 'LMSG a 900\r\n', 'PING\r\n', '+OK\r\n', 'GET / HTTP/1.1\r\n']) {
    const bytes = Buffer.from(invited + line)
    for (let cut = 0; cut <= invited.length + 1; cut++) {
      const events: LeafEvent[] = []
      const parser: LeafParser = new LeafParser(LIMITS, {
        ...leafRecorder(events),
        onUninvited() {
          events.push(['uninvited'])
          parser.stop()
        },
      })
      parser.awaitsConnect = true
      parser.feed(bytes.subarray(0, cut))
      parser.feed(bytes.subarray(cut, invited.length + 1))
      const names = events.map(([name]) => name)
      assert.deepEqual(names, ['info', 'info', 'connect', 'connect', 'uninvited'], `${line}, cut at ${cut}`)
    }
  }
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
    const expected = operations.map(([, event]) => event)
    assert.deepEqual(parse(pieces).events, expected, `round ${round}`)
  }
})

function randomOperation(random: (limit: number) => number): [text: string, event: LeafEvent] {
  const word = () => Array.from({ length: 1 + random(20) }, () => String.fromCharCode(33 + random(200))).join('')
  const gap = () => [' ', '\t', '  ', ' \t '][random(4)]!
  const lineEnd = () => ['\r\n', '\n'][random(2)]!
  const line = (...fields: string[]) => fields.map((field) => field + gap()).join('') + lineEnd()
  const [subject, queue, weight] = [word(), word(), 1 + random(1000)]
  const reply = random(2) === 0 ? '' : word()
  const queues = Array.from({ length: random(3) * random(10) }, word)
  const named = queues.length > 0 ? [reply === '' ? '|' : '+'] : []
  const route = [subject, ...named, ...(reply === '' ? [] : [reply]), ...queues]
  const body = Array.from({ length: random(300) }, () => String.fromCharCode(random(256))).join('')
  const header = random(body.length + 1)
  switch (random(6)) {
    case 0:
      return [line('LS+', subject, queue, `${weight}`), ['interest', subject, queue, weight]]
    case 1:
      return [line('LS+', subject), ['interest', subject, '', 1]]
    case 2:
      return [line('LS-', subject, queue), ['no interest', subject, queue]]
    case 3:
      return [
        `${line('HmSg', ...route, `${header}`, `${body.length}`)}${body}\r\n`,
        ['message', subject, reply, queues, body, header],
      ]
    default:
      return [`${line('LMSG', ...route, `${body.length}`)}${body}\r\n`, ['message', subject, reply, queues, body, 0]]
  }
}
