import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  frame,
  type HubMessage,
  HubMessageType,
  messagePackProtocol,
  ResultKind,
  readWhole,
  Timestamp,
} from '#wire/signalr'
import { dates, notifications } from '../../vectors/signalr.ts'

const protocol = messagePackProtocol(256)
const { ping, encodeClose, encodeCompletion, encodeInvocation } = protocol
const read = (hex: string) => [...readWhole(protocol, Buffer.from(hex, 'hex'))]

/** The argument with its dates as the codec takes them. */
function withTimestamps(value: unknown): unknown {
  if (typeof value === 'string') return Timestamp.parse(value) ?? value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withTimestamps(member)]))
}

/** The argument with its dates as the codec gives them. */
function withDates(value: unknown): unknown {
  if (typeof value === 'string' && Timestamp.parse(value) !== undefined) return new Date(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withDates(member)]))
}

for (const { name, target, argument, hex } of notifications) {
  test(`${name} is written and read as the real client does`, () => {
    assert.equal(encodeInvocation(target, [withTimestamps(argument)]).toString('hex'), hex)
    const expected = {
      type: HubMessageType.Invocation,
      invocationId: null,
      target,
      arguments: [withDates(argument)],
    }
    assert.deepEqual(read(hex), [expected])
  })
}

for (const [text, hex] of dates) {
  test(`${text} is written as ${hex}`, () => {
    const whole = encodeInvocation('T', [Timestamp.parse(text)])
    assert.equal(whole.subarray(-hex.length / 2).toString('hex'), hex)
    const [message] = protocol.read(whole)
    assert.ok(message?.type === HubMessageType.Invocation)
    assert.equal((message.arguments[0] as Date).getTime(), new Date(text).getTime())
  })
}

test('the 32-bit form of a date is read', () => {
  const [message] = read('0d950180c0a15491d6ff65937d25')
  assert.ok(message?.type === HubMessageType.Invocation)
  assert.deepEqual(message.arguments, [new Date('2024-01-02T03:04:05.000Z')])
})

for (const text of ['', 'tomorrow', '2024-01-02', '2024-13-02T03:04:05Z', '2024-01-02T03:04:05']) {
  test(`${JSON.stringify(text)} is not taken for a date`, () => assert.equal(Timestamp.parse(text), undefined))
}

const written: [name: string, bytes: Buffer, hex: string][] = [
  ['a ping', ping, '029106'],
  ['a close', encodeClose(), '039207c0'],
  ['a close that allows to reconnect', encodeClose({ allowReconnect: true }), '049307c0c3'],
  [
    'a close with an error',
    encodeClose({ error: 'Connection closed with an error.' }),
    '249207d920436f6e6e656374696f6e20636c6f736564207769746820616e206572726f722e',
  ],
  ['a void completion', encodeCompletion('1', { kind: ResultKind.Void }), '06940380a13102'],
  ['a completion with a value', encodeCompletion('1', { kind: ResultKind.Value, result: 42 }), '07950380a131032a'],
  [
    'a completion with an error',
    encodeCompletion('1', { kind: ResultKind.Error, error: "Unknown hub method 'X'" }),
    '1d950380a13101b6556e6b6e6f776e20687562206d6574686f6420275827',
  ],
  ['an invocation without arguments', encodeInvocation('Heartbeat', []), '0f950180c0a948656172746265617490'],
]
for (const [name, bytes, hex] of written) {
  test(`${name} is written as ${hex}`, () => assert.equal(bytes.toString('hex'), hex))
}

const heartbeat: HubMessage = {
  type: HubMessageType.Invocation,
  invocationId: null,
  target: 'Heartbeat',
  arguments: [],
}
const decoded: [hex: string, messages: HubMessage[]][] = [
  ['029106029106', [{ type: HubMessageType.Ping }, { type: HubMessageType.Ping }]],
  ['0f950180c0a948656172746265617490', [heartbeat]],
  ['10960180c0a94865617274626561749090', [heartbeat]],
  ['039207c0', [{ type: HubMessageType.Close, error: null, allowReconnect: false }]],
  ['049307c0c3', [{ type: HubMessageType.Close, error: null, allowReconnect: true }]],
  ['06940380a13102', [{ type: HubMessageType.Completion, invocationId: '1', outcome: { kind: ResultKind.Void } }]],
  [
    '07950380a131032a',
    [{ type: HubMessageType.Completion, invocationId: '1', outcome: { kind: ResultKind.Value, result: 42 } }],
  ],
  [
    '1d950380a13101b6556e6b6e6f776e20687562206d6574686f6420275827',
    [
      {
        type: HubMessageType.Completion,
        invocationId: '1',
        outcome: { kind: ResultKind.Error, error: "Unknown hub method 'X'" },
      },
    ],
  ],
  ['06940280a1312a', [{ type: HubMessageType.StreamItem, invocationId: '1', item: 42 }]],
  ['05930580a131', [{ type: HubMessageType.CancelInvocation, invocationId: '1' }]],
  ['03920824', [{ type: HubMessageType.Ack, sequenceId: 36 }]],
  ['03920913', [{ type: HubMessageType.Sequence, sequenceId: 19 }]],
  ['02910a', []],
  ['0291c0', []],
  ['02910a029106', [{ type: HubMessageType.Ping }]],
]
for (const [hex, messages] of decoded) {
  test(`${hex} is read as ${messages.length} messages`, () => assert.deepEqual(read(hex), messages))
}

const refused: [name: string, hex: string][] = [
  ['an empty body', '00'],
  ['an empty list', '0190'],
  ['no list', '0106'],
  ['a list that is cut off', '0195'],
  ['bytes behind the list', '0391c0c0'],
  ['an invocation of four items', '05940180c0a158'],
  ['an invocation without a name', '06950180c0c090'],
  ['an invocation without arguments', '07950180c0a158c0'],
  ['a completion of unknown kind', '06940380a13104'],
  ['a completion that lacks its value', '06940380a13103'],
  ['a close of one item', '029107'],
  ['an acknowledgement that is no number', '039208c0'],
]
for (const [name, hex] of refused) {
  test(`${name} is refused`, () => {
    assert.throws(() => read(hex), { name: 'SignalrError', code: 'MESSAGE' })
  })
}

test('messages before a broken one are delivered', () => {
  const seen: HubMessage[] = []
  assert.throws(() => {
    for (const message of readWhole(protocol, Buffer.from('0291060190', 'hex'))) seen.push(message)
  })
  assert.deepEqual(seen, [{ type: HubMessageType.Ping }])
})

test('a list longer than allowed is refused before room is made for it', () => {
  const hugeArguments = frame(Buffer.from('950180c0a158ddffffffff', 'hex'))
  assert.throws(() => [...readWhole(protocol, hugeArguments)], { code: 'MESSAGE' })
  const manyLists = frame(Buffer.from(`950180c0a158${'dc0100'.repeat(10000)}`, 'hex'))
  assert.throws(() => [...readWhole(protocol, manyLists)], { code: 'MESSAGE' })
})
