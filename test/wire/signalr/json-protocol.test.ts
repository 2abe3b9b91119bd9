import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HubMessage, HubMessageType, jsonProtocol, MAX_MESSAGE_BYTES, readWhole, Timestamp } from '#wire/signalr'
import { notifications } from '../../vectors/signalr.ts'

const protocol = jsonProtocol(256)
const read = (text: string, encoding: BufferEncoding = 'utf8') => [
  ...readWhole(protocol, Buffer.from(`${text}\x1e`, encoding)),
]

for (const { name, target, argument } of notifications) {
  test(`${name} is written with its members in their order`, () => {
    const text = protocol.encodeInvocation(target, [argument]).toString()
    assert.equal(text, `{"type":1,"target":"${target}","arguments":[${JSON.stringify(argument)}]}\x1e`)
  })
}

const dates: [published: string, written: string][] = [
  ['2024-01-02T03:04:05Z', '2024-01-02T03:04:05Z'],
  ['2024-01-02T03:04:05.000Z', '2024-01-02T03:04:05Z'],
  ['2024-01-02T03:04:05.678Z', '2024-01-02T03:04:05.678Z'],
  ['2024-01-02T04:04:05.67890100+01:00', '2024-01-02T03:04:05.678901Z'],
  ['2024-01-02T03:04:05.000000001Z', '2024-01-02T03:04:05.000000001Z'],
  ['1969-12-31T23:59:59.500Z', '1969-12-31T23:59:59.5Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
]
for (const [published, written] of dates) {
  test(`the date ${published} is written as ${written}`, () => {
    const text = protocol.encodeInvocation('T', [{ Date: Timestamp.parse(published) }]).toString()
    assert.equal(text, `{"type":1,"target":"T","arguments":[{"Date":"${written}"}]}\x1e`)
  })
}

const ping: HubMessage = { type: HubMessageType.Ping }
const call = (invocationId: string | null): HubMessage => ({
  type: HubMessageType.Invocation,
  invocationId,
  target: 'X',
  arguments: [],
})
const accepted: [text: string, messages: HubMessage[]][] = [
  ['{"type":6}', [ping]],
  ['{"type":6}\x1e{"type":6}', [ping, ping]],
  [' {\n"type" : 6.0 } ', [ping]],
  ['{"type":6,"later":"version"}', [ping]],
  ['{"type":10}', []],
  ['{"type":1.5}', []],
  ['{"type":-1}\x1e{"type":6}', [ping]],
  ['{"arguments":[],"target":"X","type":1}', [call(null)]],
  ['{"type":1,"invocationId":null,"target":"X","arguments":[]}', [call(null)]],
  ['{"type":1,"invocationId":"","target":"X","arguments":[]}', [call(null)]],
  ['{"type":1,"headers":{"a":"b"},"invocationId":"7","target":"X","arguments":[],"streamIds":["1"]}', [call('7')]],
  ['{"type":7,"error":null}', [{ type: HubMessageType.Close, error: null, allowReconnect: false }]],
  ['{"type":3,"invocationId":"1","error":null}', [{ type: 3, invocationId: '1', outcome: { kind: 2 } }]],
]
for (const [text, messages] of accepted) {
  test(`${JSON.stringify(text)} is read as ${messages.length} messages`, () => assert.deepEqual(read(text), messages))
}

const refused: [text: string, complaint: string][] = [
  ['', 'Not JSON'],
  ['{', 'Not JSON'],
  ['{"type":6}{"type":6}', 'Not JSON'],
  ['\ufeff{"type":6}', 'Not JSON'],
  ['null', 'No JSON object'],
  ['6', 'No JSON object'],
  ['[{"type":6}]', 'No JSON object'],
  ['{}', 'Message without a type'],
  ['{"type":null}', 'Message without a type'],
  ['{"type":"6"}', 'Message without a type'],
  ['{"type":1,"arguments":[]}', 'Invalid payload for Invocation message: target is no text, or empty'],
  ['{"type":1,"target":"","arguments":[]}', 'Invalid payload for Invocation message: target is no text, or empty'],
  ['{"type":1,"target":"X"}', 'Invalid payload for Invocation message: arguments is no list'],
  ['{"type":1,"target":"X","arguments":{}}', 'Invalid payload for Invocation message: arguments is no list'],
  [
    '{"type":1,"invocationId":1,"target":"X","arguments":[]}',
    'Invalid payload for Invocation message: invocationId is no text, or empty',
  ],
  [
    '{"type":4,"target":"X","arguments":[]}',
    'Invalid payload for StreamInvocation message: invocationId is no text, or empty',
  ],
  ['{"type":2,"invocationId":"1"}', 'Invalid payload for StreamItem message: no item'],
  ['{"type":2,"item":1}', 'Invalid payload for StreamItem message: invocationId is no text, or empty'],
  ['{"type":3,"result":1}', 'Invalid payload for Completion message: invocationId is no text, or empty'],
  [
    '{"type":3,"invocationId":"1","result":1,"error":"x"}',
    'Invalid payload for Completion message: both a result and an error',
  ],
  [
    '{"type":3,"invocationId":"1","result":null,"error":""}',
    'Invalid payload for Completion message: both a result and an error',
  ],
  ['{"type":3,"invocationId":"1","error":1}', 'Invalid payload for Completion message: error is no text'],
  ['{"type":5}', 'Invalid payload for CancelInvocation message: invocationId is no text, or empty'],
  ['{"type":8}', 'Invalid payload for Ack message: sequenceId is no whole number, or too large'],
  ['{"type":8,"sequenceId":-1}', 'Invalid payload for Ack message: sequenceId is no whole number, or too large'],
  ['{"type":9,"sequenceId":1.5}', 'Invalid payload for Sequence message: sequenceId is no whole number, or too large'],
  [
    '{"type":9,"sequenceId":1e300}',
    'Invalid payload for Sequence message: sequenceId is no whole number, or too large',
  ],
]
for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => read(text), { name: 'SignalrError', code: 'MESSAGE', message })
  })
}

for (const [name, text] of [
  ['a byte that is none', '{"type":6,"a":"\xff"}'],
  ['a character that is cut off', '{"type":6,"a":"\xc3"}'],
  ['half a pair', '{"type":6,"a":"\xed\xa0\x80"}'],
]) {
  test(`${name} of UTF-8 is refused`, () => {
    assert.throws(() => read(text!, 'latin1'), { code: 'MESSAGE', message: 'Not UTF-8' })
  })
}

for (const opening of ['[', '{"a":', '[[],']) {
  test(`32 KiB of ${opening} are refused`, () => {
    const text = opening.repeat(MAX_MESSAGE_BYTES / opening.length)
    assert.throws(() => read(text), { code: 'MESSAGE', message: 'Not JSON' })
    assert.throws(() => read(`{"type":6,"a":${text}`.slice(0, MAX_MESSAGE_BYTES)), { code: 'MESSAGE' })
  })
}
