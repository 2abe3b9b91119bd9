import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  frame,
  type HubMessage,
  type HubProtocol,
  jsonProtocol,
  MAX_MESSAGE_BYTES,
  messagePackProtocol,
  ResultKind,
  readWhole,
} from '#wire/signalr'
import { type MessageVector, messages } from '../../vectors/signalr.ts'

// What both protocols have in common. spec: hub §1.4, §1.5

const jsonRecord = (text: string) => Buffer.from(`${text}\x1e`)

interface Written {
  readonly protocol: HubProtocol
  bytes(vector: MessageVector): Buffer
  /** A message whose only argument is this many lists in each other. */
  nested(lists: number): Buffer
  /** A message of this many bytes, as short a frame as can be around it. */
  ofLength(bytes: number): Buffer
  /** A message whose only argument is a list of this many items, or an object of that many members. */
  list(items: number): Buffer
  object(members: number): Buffer
}

const all: readonly Written[] = [
  {
    protocol: messagePackProtocol(256),
    bytes: ({ hex }) => Buffer.from(hex, 'hex'),
    nested: (lists) => frame(Buffer.from(`950180c0a15891${'91'.repeat(lists - 1)}90`, 'hex')),
    ofLength: (bytes) => {
      const text = bytes - '950180c0a15891da0000'.length / 2
      const head = `950180c0a15891da${text.toString(16).padStart(4, '0')}`
      return frame(Buffer.concat([Buffer.from(head, 'hex'), Buffer.alloc(text, 'x')]))
    },
    list: (items) =>
      frame(Buffer.from(`950180c0a15891dc${items.toString(16).padStart(4, '0')}${'01'.repeat(items)}`, 'hex')),
    object: (members) => {
      const keys = Array.from({ length: members }, (_, i) => `cd${i.toString(16).padStart(4, '0')}c0`)
      return frame(Buffer.from(`950180c0a15891de${members.toString(16).padStart(4, '0')}${keys.join('')}`, 'hex'))
    },
  },
  {
    protocol: jsonProtocol(256),
    bytes: ({ json }) => jsonRecord(json),
    nested: (lists) => jsonRecord(`{"type":1,"target":"X","arguments":[${'['.repeat(lists)}${']'.repeat(lists)}]}`),
    ofLength: (bytes) => jsonRecord('{"type":6}'.padEnd(bytes)),
    list: (items) => jsonRecord(JSON.stringify({ type: 1, target: 'X', arguments: [Array(items).fill(1)] })),
    object: (members) => {
      const argument = Object.fromEntries(Array.from({ length: members }, (_, i) => [`k${i}`, null]))
      return jsonRecord(JSON.stringify({ type: 1, target: 'X', arguments: [argument] }))
    },
  },
]

for (const { protocol, bytes, nested, ofLength, list, object } of all) {
  const { name } = protocol
  const read = (data: Buffer) => [...readWhole(protocol, data)]
  const stream = Buffer.concat(messages.map(bytes))
  const everyMessage = messages.map(({ message }) => message)

  for (const vector of messages) {
    test(`${name}: ${vector.name} is written and read back`, () => {
      const data = bytes(vector)
      assert.equal(protocol.encode(vector.message).toString('latin1'), data.toString('latin1'))
      assert.deepEqual(read(data), [vector.message])
    })
  }

  test(`${name}: what servers say most has shorthands that write the same`, () => {
    const written = Buffer.concat([
      protocol.encodeInvocation('Heartbeat', []),
      protocol.encodeCompletion('1', { kind: ResultKind.Void }),
      protocol.ping,
      protocol.encodeClose(),
      protocol.encodeClose({ allowReconnect: true }),
      protocol.encodeClose({ error: 'Connection closed with an error.' }),
      protocol.encodeAck(36),
      protocol.encodeSequence(19),
    ])
    const names = [
      'an invocation without arguments',
      'a void completion',
      'a ping',
      'a close',
      'a close that allows to reconnect',
      'a close with an error',
      'an acknowledgement',
      'a sequence',
    ]
    const vectors = names.map((wanted) => messages.find((vector) => vector.name === wanted)!)
    assert.equal(written.toString('latin1'), Buffer.concat(vectors.map(bytes)).toString('latin1'))
  })

  test(`${name}: messages that are cut at any byte come out whole when what is unfinished is kept`, () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const seen: HubMessage[] = []
      const unfinishedBytes = readInto(seen, protocol, stream.subarray(0, cut))
      const kept = stream.subarray(cut - unfinishedBytes, cut)
      assert.equal(readInto(seen, protocol, Buffer.concat([kept, stream.subarray(cut)])), 0)
      assert.deepEqual(seen, everyMessage)
    }
  })

  test(`${name}: messages that come byte by byte come out whole`, () => {
    const seen: HubMessage[] = []
    let kept = Buffer.alloc(0)
    for (const byte of stream) {
      const data = Buffer.concat([kept, Buffer.from([byte])])
      kept = data.subarray(data.length - readInto(seen, protocol, data))
    }
    assert.deepEqual(seen, everyMessage)
    assert.equal(kept.length, 0)
  })

  test(`${name}: who reads whole messages takes one that is cut for broken`, () => {
    const close = protocol.encodeClose({ error: 'x' })
    for (let cut = 1; cut < close.length; cut++) {
      const seen: HubMessage[] = []
      assert.throws(
        () => {
          const data = Buffer.concat([protocol.ping, close.subarray(0, cut)])
          for (const message of readWhole(protocol, data)) seen.push(message)
        },
        { name: 'SignalrError', code: 'FRAMING', message: `Incomplete message: ${cut} bytes at the end` },
      )
      assert.equal(seen.length, 1)
    }
  })

  test(`${name}: a message of 32 KiB is read, one byte more is refused before it is all there`, () => {
    const longest = ofLength(MAX_MESSAGE_BYTES)
    assert.equal(read(longest).length, 1)
    assert.equal(readInto([], protocol, longest.subarray(0, -1)), longest.length - 1)
    const tooLong = ofLength(MAX_MESSAGE_BYTES + 1)
    for (const data of [tooLong, tooLong.subarray(0, -1)]) {
      assert.throws(() => read(data), { name: 'SignalrError', code: 'FRAMING', message: /32769 bytes.* 32768 / })
    }
  })

  test(`${name}: lists and objects of as many items as allowed are read, and no more`, () => {
    for (const data of [list(256), object(256)]) assert.equal(read(data).length, 1)
    for (const data of [list(257), object(257)]) assert.throws(() => read(data), { code: 'MESSAGE' })
  })

  test(`${name}: what is nested too deep is refused, however deep`, () => {
    assert.equal(read(nested(62)).length, 1)
    for (const lists of [63, 1000, 16_000]) {
      assert.throws(() => read(nested(lists)), { code: 'MESSAGE', message: 'Nested deeper than 64' })
    }
  })

  test(`${name}: messages before a broken one are delivered`, () => {
    const seen: HubMessage[] = []
    const broken = name === 'json' ? jsonRecord('{}') : Buffer.from('0190', 'hex')
    assert.throws(() => readInto(seen, protocol, Buffer.concat([protocol.ping, broken, protocol.ping])))
    assert.deepEqual(seen, read(protocol.ping))
  })
}

/** Returns how many bytes at the end are unfinished. */
function readInto(seen: HubMessage[], protocol: HubProtocol, data: Buffer): number {
  const reading = protocol.read(data)
  let next = reading.next()
  for (; !next.done; next = reading.next()) seen.push(next.value)
  return next.value
}
