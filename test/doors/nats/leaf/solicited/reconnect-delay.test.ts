import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DelayOptions, reconnectDelayMs } from '../../../../../src/doors/nats/leaf/solicited/reconnect-delay.ts'

const OPTIONS: DelayOptions = { code: 'LOST', failures: 1, hasUntried: false, reconnectMs: 1_000, random: () => 0 }

function delays(options: Partial<DelayOptions>): number[] {
  return [1, 2, 3, 4, 5, 6, 7, 100].map((failures) => reconnectDelayMs({ ...OPTIONS, ...options, failures }))
}

test('the pause doubles up to half a minute', () => {
  assert.deepEqual(delays({ code: 'LOGIN' }), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
})

test('a hub that is down is looked for every five seconds at most', () => {
  assert.deepEqual(delays({ code: 'UNREACHABLE' }), [1_000, 2_000, 4_000, 4_000, 4_000, 4_000, 4_000, 4_000])
  assert.ok(Math.max(...delays({ code: 'UNREACHABLE', random: (below) => below - 1 })) < 5_000)
  assert.ok(Math.max(...delays({ code: 'LOST', random: (below) => below - 1 })) < 5_000)
})

test('servers that lost the same hub do not come back at the same moment', () => {
  const latest = (code: DelayOptions['code']) => delays({ code, random: (below) => below - 1 })
  assert.deepEqual(latest('LOST'), [1_999, 2_999, 4_999, 4_999, 4_999, 4_999, 4_999, 4_999])
  assert.deepEqual(latest('LOGIN').slice(0, 3), [1_999, 2_999, 4_999])
})

test('another URL is tried at once', () => {
  assert.equal(reconnectDelayMs({ ...OPTIONS, code: 'UNREACHABLE', hasUntried: true }), 50)
  assert.equal(reconnectDelayMs({ ...OPTIONS, code: 'LOGIN', hasUntried: true }), 1_000)
})

test('nothing is tried more often than the configuration says', () => {
  assert.deepEqual(delays({ code: 'UNREACHABLE', reconnectMs: 10_000 }).slice(0, 3), [10_000, 10_000, 10_000])
  assert.equal(reconnectDelayMs({ ...OPTIONS, reconnectMs: 1 }), 1)
})

test('what happens again is waited out, as by nats-server', () => {
  for (const code of ['LOOP', 'SAME_CLUSTER', 'PERMISSIONS'] as const) assert.equal(delays({ code })[0], 30_000)
  assert.equal(delays({ code: 'MIN_VERSION' })[0], 5_000)
})
