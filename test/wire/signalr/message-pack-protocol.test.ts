import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, type HubMessage, HubMessageType, messagePackProtocol, readWhole, Timestamp } from '#wire/signalr'
import { dates, notifications } from '../../vectors/signalr.ts'

const protocol = messagePackProtocol(256)
const { encodeInvocation } = protocol
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

const heartbeat: HubMessage = {
  type: HubMessageType.Invocation,
  invocationId: null,
  target: 'Heartbeat',
  arguments: [],
}
const decoded: [hex: string, messages: HubMessage[]][] = [
  ['029106029106', [{ type: HubMessageType.Ping }, { type: HubMessageType.Ping }]],
  ['82009106', [{ type: HubMessageType.Ping }]],
  ['82808080009106', [{ type: HubMessageType.Ping }]],
  // As .NET writes it, with a list of streams.
  ['10960180c0a94865617274626561749090', [heartbeat]],
  ['0f950180a0a948656172746265617490', [heartbeat]],
  ['02910a', []],
  ['0291c0', []],
  ['02910a029106', [{ type: HubMessageType.Ping }]],
]
for (const [hex, messages] of decoded) {
  test(`${hex} is read as ${messages.length} messages`, () => assert.deepEqual(read(hex), messages))
}

const refused: [name: string, hex: string, complaint: string][] = [
  ['an empty body', '00', 'Invalid payload'],
  ['an empty list', '0190', 'Invalid payload'],
  ['no list', '0106', 'Invalid payload'],
  ['a list that is cut off', '0195', 'Invalid payload'],
  ['bytes behind the list', '0391c0c0', 'Invalid payload'],
  ['a map with a key that would be a prototype', '13950180c0a1589181a95f5f70726f746f5f5fc0', 'Invalid payload'],
  ['an invocation of four items', '06940180c0a158', 'Invalid payload for Invocation message: too few items'],
  [
    'an invocation without a target',
    '06950180c0c090',
    'Invalid payload for Invocation message: target is no text, or empty',
  ],
  [
    'an invocation without arguments',
    '07950180c0a158c0',
    'Invalid payload for Invocation message: arguments is no list',
  ],
  [
    'an invocation of a stream without an id',
    '07950480c0a15890',
    'Invalid payload for StreamInvocation message: invocationId is no text, or empty',
  ],
  [
    'a completion of unknown kind',
    '06940380a13104',
    'Invalid payload for Completion message: neither error nor result',
  ],
  [
    'a completion that lacks its value',
    '06940380a13103',
    'Invalid payload for Completion message: neither error nor result',
  ],
  ['a completion that lacks its error', '06940380a13101', 'Invalid payload for Completion message: error is no text'],
  ['a close of one item', '029107', 'Invalid payload for Close message: too few items'],
  [
    'an acknowledgement that is no number',
    '039208c0',
    'Invalid payload for Ack message: sequenceId is no whole number, or too large',
  ],
]
for (const [name, hex, message] of refused) {
  test(`${name} is refused`, () => {
    assert.throws(() => read(hex), { name: 'SignalrError', code: 'MESSAGE', message })
  })
}

test('a list longer than allowed is refused before room is made for it', () => {
  const hugeArguments = frame(Buffer.from('950180c0a158ddffffffff', 'hex'))
  assert.throws(() => [...readWhole(protocol, hugeArguments)], { code: 'MESSAGE' })
})

const nested: [name: string, list: string][] = [
  ['short lists', '91'],
  ['lists', 'dc0100'],
  ['long lists', 'dd00000100'],
  ['maps', '81a161'],
  ['maps of lists', 'de0100a16192c0'],
  [
    'lists behind all other kinds',
    '9fc0c3c40100c5000100c7010100ca00000000cb0000000000000000d10000d40000d6ff00000000d90161da000161a161',
  ],
]
for (const [name, list] of nested) {
  test(`${name} within each other are refused before room is made for more than 64 of them`, () => {
    const body = (count: number) => frame(Buffer.from(`950180c0a15891${list.repeat(count)}`, 'hex'))
    const tooDeep = { code: 'MESSAGE', message: 'Nested deeper than 64' }
    const perRepetition = name === 'maps of lists' ? 2 : 1
    assert.throws(() => read(body(62 / perRepetition + 1).toString('hex')), tooDeep)
    assert.throws(() => read(body(62 / perRepetition).toString('hex')), { code: 'MESSAGE', message: 'Invalid payload' })
  })
}

test('lists next to each other are not within each other', () => {
  const [message] = read(frame(Buffer.from(`950180c0a158dc00c8${'9181a16101'.repeat(200)}`, 'hex')).toString('hex'))
  assert.ok(message?.type === HubMessageType.Invocation)
  assert.equal(message.arguments.length, 200)
})

test('an invocation may be written with its empty list of streams, as .NET writes it', () => {
  const withStreams = messagePackProtocol(256, undefined, { withStreams: true })
  assert.equal(withStreams.encode(heartbeat).toString('hex'), '10960180c0a94865617274626561749090')
  assert.equal(protocol.encode(heartbeat).toString('hex'), '0f950180c0a948656172746265617490')
})
