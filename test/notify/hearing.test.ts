import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeHearingAnswer,
  encodeHearingQuestion,
  MAX_ASKED_DEVICES,
  parseHearingAnswer,
  parseHearingQuestion,
} from '#notify'

test('questions and answers are read as they were written', () => {
  for (const deviceIds of [[], ['phone', 'läptop'], Array.from({ length: MAX_ASKED_DEVICES }, () => 'x'.repeat(255))]) {
    const question = { question: 'q-1', userId: 'ada', deviceIds }
    assert.deepEqual(parseHearingQuestion(encodeHearingQuestion(question)), question)
  }
  for (const hasHeard of [true, false]) {
    const answer = { question: 'q-1', deviceId: 'phone', hasHeard, openForMs: 15_000 }
    assert.deepEqual(parseHearingAnswer(encodeHearingAnswer(answer)), answer)
  }
})

test('what is no question or no answer is refused, with what is wrong and nothing of its content', () => {
  const devices = 'Hearing question has DeviceIds that are no list of at most 64 texts'
  const field = 'Hearing answer lacks a field, or has one of another type'
  for (const [parse, text, message] of [
    [parseHearingQuestion, '', 'Hearing message is not JSON'],
    [parseHearingQuestion, 'null', 'Hearing question lacks a name or a user'],
    [parseHearingQuestion, '{"Question":"secret","DeviceIds":[]}', 'Hearing question lacks a name or a user'],
    [parseHearingQuestion, '{"Question":"q","UserId":"u","DeviceIds":"secret"}', devices],
    [parseHearingQuestion, '{"Question":"q","UserId":"u","DeviceIds":[1]}', devices],
    [parseHearingQuestion, JSON.stringify({ Question: 'q', UserId: 'u', DeviceIds: Array(65).fill('x') }), devices],
    [parseHearingQuestion, JSON.stringify({ Question: 'x'.repeat(65_536) }), 'Hearing message is too long'],
    [parseHearingAnswer, '{secret', 'Hearing message is not JSON'],
    [parseHearingAnswer, '{"Question":"q","DeviceId":"d","Heard":1,"OpenFor":0}', field],
    [parseHearingAnswer, '{"Question":"q","DeviceId":"d","Heard":true}', field],
    [parseHearingAnswer, '{"Question":"q","DeviceId":"d","Heard":true,"OpenFor":-1}', field],
    [parseHearingAnswer, '{"Question":"q","DeviceId":"d","Heard":true,"OpenFor":1e99}', field],
  ] as const) {
    assert.throws(() => parse(Buffer.from(text)), { code: 'INVALID_HEARING', message }, text.slice(0, 80))
  }
})
