import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonProtocol, messagePackProtocol, readWhole } from '#wire/signalr'
import { appEvent, readAppMessage } from '../../../../src/doors/hub/apps/app-message.ts'

const json = jsonProtocol(1_000)
const messagePack = messagePackProtocol(1_000)

const read = (text: string) => readAppMessage(Buffer.from(text))
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

test('a message is a method and its arguments', () => {
  assert.deepEqual(read('{"target":"news","arguments":[1,"ä",null,{"a":[true]}]}'), {
    target: 'news',
    arguments: [1, 'ä', null, { a: [true] }],
  })
})

for (const [name, text, problem] of [
  ['nothing', '', 'The message must be JSON.'],
  ['a cut text', '{"target":"x"', 'The message must be JSON.'],
  ['bytes that are no UTF-8', Buffer.from('{"target":"\xff","arguments":[]}', 'latin1'), 'The message must be JSON.'],
  ['a byte order mark', '\ufeff{"target":"x","arguments":[]}', 'The message must be JSON.'],
  ['a separator inside of a text', '{"target":"x\x1e","arguments":[]}', 'The message must be JSON.'],
  ['two records', '{"target":"x","arguments":[]}\x1e{"type":7}', 'The message must be JSON.'],
  ['a list', '[]', 'The message must be a JSON object.'],
  ['null', 'null', 'The message must be a JSON object.'],
  ['no target', '{"arguments":[]}', '"target" must be the name of a method.'],
  ['an empty target', '{"target":"","arguments":[]}', '"target" must be the name of a method.'],
  ['a number for a target', '{"target":1,"arguments":[]}', '"target" must be the name of a method.'],
  ['no arguments', '{"target":"x"}', '"arguments" must be a list.'],
  ['an object of arguments', '{"target":"x","arguments":{}}', '"arguments" must be a list.'],
  ...['type', 'invocationId', '\\u0074ype', '__proto__'].map(
    (key) =>
      [
        `the member ${key}`,
        `{"target":"x","arguments":[],"${key}":7}`,
        'The message must have "target" and "arguments" and nothing else.',
      ] as const,
  ),
  [
    'a key that clients refuse',
    '{"target":"x","arguments":[{"a":{"__proto__":1}}]}',
    'No member can be called __proto__.',
  ],
  ['what is nested too deep', `{"target":"x","arguments":${nested(64)}}`, 'The message is nested deeper than 64.'],
  ['a megabyte of brackets', `{"target":"x","arguments":${nested(500_000)}}`, 'The message is nested deeper than 64.'],
] as const) {
  test(`${name} is no message`, () => {
    assert.equal(typeof text === 'string' ? read(text) : readAppMessage(text), problem)
  })
}

test('what is nested as deep as it may be is heard in both protocols', () => {
  const payload = Buffer.from(`{"target":"x","arguments":${nested(63)}}`)
  const message = readAppMessage(payload)
  assert.ok(typeof message === 'object')
  const event = appEvent(payload, message)
  for (const protocol of [json, messagePack]) {
    const [heard] = readWhole(protocol, event.bytes(protocol))
    assert.deepEqual(heard, { type: 1, invocationId: null, ...message })
  }
})

test('in JSON clients get the text as it was published, with all digits', () => {
  const payload = Buffer.from(' \n{ "arguments" : [12345678901234567890, 1.10, "\\u00e4"], "target":"x" }\r\n')
  const message = readAppMessage(payload)
  assert.ok(typeof message === 'object')
  const event = appEvent(payload, message)
  const text = event.bytes(json).toString()
  assert.equal(text, '{"type":1, "arguments" : [12345678901234567890, 1.10, "\\u00e4"], "target":"x" }\r\n\x1e')
  assert.deepEqual(
    [...readWhole(messagePack, event.bytes(messagePack))],
    [{ type: 1, invocationId: null, target: 'x', arguments: [12345678901234567000, 1.1, 'ä'] }],
  )
})
