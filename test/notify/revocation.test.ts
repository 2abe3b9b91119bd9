import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTROL_REVOKE, encodeRevocation, Notifier, parseRevocation, type Revocation } from '#notify'

test('a revocation is read as it was written', () => {
  for (const revocation of [
    { userId: 'ada', deviceIds: ['phone', 'laptop'], contextId: 'laptop' },
    { userId: 'ada', deviceIds: [], contextId: null },
    { userId: 'ada', deviceIds: null, contextId: null },
  ] satisfies Revocation[]) {
    assert.deepEqual(parseRevocation(encodeRevocation(revocation)), revocation)
  }
  assert.deepEqual(parseRevocation(Buffer.from('{"UserId":"ada"}')), {
    userId: 'ada',
    deviceIds: null,
    contextId: null,
  })
})

test('what is no revocation is refused, with what is wrong and nothing of its content', () => {
  for (const [text, message] of [
    ['', 'Revocation is not JSON'],
    ['{secret', 'Revocation is not JSON'],
    ['null', 'Revocation names no user'],
    ['"secret"', 'Revocation names no user'],
    ['{"UserId":1}', 'Revocation names no user'],
    ['{"UserId":"a","DeviceIds":"secret"}', 'Revocation has DeviceIds that are neither a list of texts nor null'],
    ['{"UserId":"a","DeviceIds":["b",1]}', 'Revocation has DeviceIds that are neither a list of texts nor null'],
    ['{"UserId":"a","ContextId":7}', 'Revocation has a ContextId that is neither text nor null'],
  ] as const) {
    assert.throws(() => parseRevocation(Buffer.from(text)), { code: 'INVALID_REVOCATION', message }, text)
  }
})

test('the end of single sessions is published between servers only', () => {
  const published: [string, string][] = []
  const notifier = new Notifier((subject, payload) => published.push([subject, payload.toString()]))
  notifier.devicesRevoked('ada', ['phone'], 'laptop')
  assert.deepEqual(published, [[CONTROL_REVOKE, '{"UserId":"ada","DeviceIds":["phone"],"ContextId":"laptop"}']])
})
