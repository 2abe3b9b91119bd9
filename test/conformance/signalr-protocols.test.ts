/** Our hub protocols and those of Microsoft's client library, each reading what the other wrote. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type IHubProtocol,
  JsonHubProtocol,
  MessageType,
  NullLogger,
  type HubMessage as OfficialMessage,
} from '@microsoft/signalr'
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'
import {
  type HubMessage,
  type HubProtocol,
  jsonProtocol,
  messagePackProtocol,
  readWhole,
  Timestamp,
} from '../../src/wire/signalr/index.ts'
import { AT, messages, notifications } from '../vectors/signalr.ts'

const PAIRS: [ours: HubProtocol, official: IHubProtocol][] = [
  [messagePackProtocol(256), new MessagePackHubProtocol()],
  [jsonProtocol(256), new JsonHubProtocol()],
]

/** What their library hands to its user of a message of ours; undefined where it passes it over, as servers never send it. */
function asTheySeeIt(message: HubMessage): object | undefined {
  switch (message.type) {
    case MessageType.StreamInvocation:
    case MessageType.CancelInvocation:
      return undefined
    case MessageType.Invocation: {
      const { type, target, invocationId } = message
      return { type, target, arguments: message.arguments, ...(invocationId === null ? {} : { invocationId }) }
    }
    case MessageType.Completion: {
      const { type, invocationId, outcome } = message
      const { kind: _, ...outcomeFields } = outcome
      return { type, invocationId, ...outcomeFields }
    }
    case MessageType.Close: {
      const { type, error, allowReconnect } = message
      return { type, ...(error === null ? {} : { error }), ...(allowReconnect ? { allowReconnect } : {}) }
    }
    default:
      return message
  }
}

const seenByThem = (ours: readonly HubMessage[]) => ours.map(asTheySeeIt).filter((seen) => seen !== undefined)

/** Without headers and streams, and without what is not there: undefined, or null for the error of a Close. */
function fields({ headers: _, streamIds: __, ...rest }: Record<string, unknown>): object {
  const isThere = ([name, value]: [string, unknown]) =>
    value !== undefined && !(rest.type === MessageType.Close && name === 'error' && value === null)
  return Object.fromEntries(Object.entries(rest).filter(isThere))
}

/** Every message their library can be made to write, and what it is to us. */
const official: [name: string, written: OfficialMessage, read: HubMessage][] = [
  [
    'an invocation',
    { type: MessageType.Invocation, target: 'X', arguments: [1, 'ä\x1e', null, { a: [true] }] },
    { type: 1, invocationId: null, target: 'X', arguments: [1, 'ä\x1e', null, { a: [true] }] },
  ],
  [
    'an invocation that wants an answer and streams an argument',
    {
      type: MessageType.Invocation,
      headers: { a: 'b' },
      invocationId: '7',
      target: 'X',
      arguments: [],
      streamIds: ['1'],
    },
    { type: 1, invocationId: '7', target: 'X', arguments: [] },
  ],
  [
    'an item of a stream',
    { type: MessageType.StreamItem, invocationId: '1', item: { a: 1 } },
    { type: 2, invocationId: '1', item: { a: 1 } },
  ],
  [
    'a completion with an error',
    { type: MessageType.Completion, invocationId: '1', error: "Client didn't provide a result." },
    { type: 3, invocationId: '1', outcome: { kind: 1, error: "Client didn't provide a result." } },
  ],
  [
    'a void completion',
    { type: MessageType.Completion, invocationId: '1' },
    { type: 3, invocationId: '1', outcome: { kind: 2 } },
  ],
  [
    'a completion with a value',
    { type: MessageType.Completion, invocationId: '1', result: [1] },
    { type: 3, invocationId: '1', outcome: { kind: 3, result: [1] } },
  ],
  [
    'a completion with the value null',
    { type: MessageType.Completion, invocationId: '1', result: null },
    { type: 3, invocationId: '1', outcome: { kind: 3, result: null } },
  ],
  [
    'an invocation of a stream',
    { type: MessageType.StreamInvocation, invocationId: '1', target: 'X', arguments: [1], streamIds: [] },
    { type: 4, invocationId: '1', target: 'X', arguments: [1] },
  ],
  ['a cancelled invocation', { type: MessageType.CancelInvocation, invocationId: '1' }, { type: 5, invocationId: '1' }],
  ['a ping', { type: MessageType.Ping }, { type: 6 }],
  ['a close', { type: MessageType.Close }, { type: 7, error: null, allowReconnect: false }],
  ['an acknowledgement', { type: MessageType.Ack, sequenceId: 70_000 }, { type: 8, sequenceId: 70_000 }],
  ['a sequence', { type: MessageType.Sequence, sequenceId: 5_000_000_000 }, { type: 9, sequenceId: 5_000_000_000 }],
]

test('the tables have every type of message', () => {
  const types = Object.values(MessageType).filter((type) => typeof type === 'number')
  assert.deepEqual([...new Set(messages.map(({ message }) => message.type))].toSorted(), types)
  assert.deepEqual([...new Set(official.map(([, { type }]) => type))].toSorted(), types)
})

for (const [ours, theirs] of PAIRS) {
  const { name } = ours
  const readByThem = (bytes: Buffer) => theirs.parseMessages(inTheirForm(bytes), NullLogger.instance)
  const fieldsReadByThem = (bytes: Buffer) =>
    readByThem(bytes).map((message) => fields(message as unknown as Record<string, unknown>))
  const inTheirForm = (bytes: Buffer) => (ours.isBinary ? new Uint8Array(bytes).buffer : bytes.toString())
  const writtenByThem = (message: OfficialMessage) => {
    const written = theirs.writeMessage(message as Parameters<IHubProtocol['writeMessage']>[0])
    return typeof written === 'string' ? Buffer.from(written) : Buffer.from(written)
  }

  test(`${name}: both have the same name and version`, () => {
    assert.equal(theirs.name, name)
    assert.equal(theirs.version, 2)
  })

  for (const { name: what, message } of messages) {
    test(`${name}: ${what} of ours is read by theirs`, () => {
      assert.deepEqual(fieldsReadByThem(ours.encode(message)), seenByThem([message]))
    })
  }

  test(`${name}: all messages at once are read by theirs`, () => {
    const bytes = Buffer.concat(messages.map(({ message }) => ours.encode(message)))
    assert.deepEqual(fieldsReadByThem(bytes), seenByThem(messages.map(({ message }) => message)))
  })

  for (const [what, written, read] of official) {
    test(`${name}: ${what} of theirs is read by ours`, () => {
      assert.deepEqual([...readWhole(ours, writtenByThem(written))], [read])
    })
  }

  test(`${name}: notifications of ours are read by theirs`, () => {
    for (const { target, argument } of notifications) {
      const [message] = readByThem(ours.encodeInvocation(target, [argument]))
      assert.ok(message?.type === MessageType.Invocation)
      assert.equal(message.target, target)
      assert.deepEqual(message.arguments, [argument])
    }
  })

  test(`${name}: a date of ours is the same moment to theirs`, () => {
    const [message] = readByThem(ours.encodeInvocation('T', [Timestamp.parse(AT)]))
    assert.ok(message?.type === MessageType.Invocation)
    assert.equal(new Date(message.arguments[0]).getTime(), Date.parse(AT))
  })
}
