import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClientConclusion, concludeClient, concludeForwarded, trustCheck } from '#net'
import { requestFrom } from './requests.ts'

const client = '198.51.100.7'

for (const [header, headers, address, why] of [
  [undefined, { 'x-real-ip': client }, '10.0.0.9', 'none'],
  ['X-Real-IP', {}, '10.0.0.9', 'absent'],
  ['X-Real-IP', { 'x-real-ip': client }, client, 'believed'],
  ['X-Real-IP', { 'x-real-ip': '10.0.0.9' }, '10.0.0.9', 'believed'],
  ['X-Real-IP', { 'x-real-ip': 'unknown' }, '10.0.0.9', 'malformed'],
] as const satisfies readonly [unknown, object, string, ClientConclusion['why']][]) {
  test(`${header} with ${JSON.stringify(headers)}: ${why}`, () => {
    const conclude = concludeClient({ header, trustedProxies: 'local' })
    assert.deepEqual(conclude(requestFrom('10.0.0.9', headers)), { address, header: header ?? null, why })
  })
}

test('who may not speak for others is not believed, and that is said', () => {
  const conclude = concludeClient({ header: 'X-Real-IP', trustedProxies: 'local' })
  const expected = { address: '9.9.9.9', header: 'X-Real-IP', why: 'untrusted' }
  assert.deepEqual(conclude(requestFrom('9.9.9.9', { 'x-real-ip': client })), expected)
})

for (const [trusted, headers, address, header, why] of [
  ['none', { 'x-forwarded-for': '9.9.9.9' }, '10.0.0.9', 'X-Forwarded-For', 'untrusted'],
  ['local', {}, '10.0.0.9', 'X-Forwarded-For', 'absent'],
  ['local', { 'x-forwarded-for': '9.9.9.9' }, '9.9.9.9', 'X-Forwarded-For', 'believed'],
  ['local', { 'x-forwarded-for': 'unknown' }, '10.0.0.9', 'X-Forwarded-For', 'malformed'],
  ['local', { forwarded: 'for=9.9.9.9' }, '9.9.9.9', 'Forwarded', 'believed'],
  ['local', { forwarded: 'for=9.9.9.9', 'x-forwarded-for': '8.8.8.8' }, '8.8.8.8', 'X-Forwarded-For', 'believed'],
] as const) {
  test(`NATS behind ${trusted} with ${JSON.stringify(headers)}: ${why}`, () => {
    const request = requestFrom('10.0.0.9', headers)
    const distinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
    Object.assign(request, { headersDistinct: distinct })
    assert.deepEqual(concludeForwarded(request, trustCheck(trusted)), { address, header, why })
  })
}
