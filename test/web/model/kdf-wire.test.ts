import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kdf } from '../../../web/src/crypto/kdf.ts'
import { KdfError, kdfOnWire, readKdf } from '../../../web/src/model/kdf-wire.ts'

const KNOWN: [Kdf, object][] = [
  [
    { type: 'PBKDF2', iterations: 600_000 },
    { kdfType: 0, iterations: 600_000, memory: null, parallelism: null },
  ],
  [
    { type: 'Argon2id', iterations: 3, memory: 64, parallelism: 4 },
    { kdfType: 1, iterations: 3, memory: 64, parallelism: 4 },
  ],
]

for (const [kdf, wire] of KNOWN) {
  test(`${kdf.type} is read and written`, () => {
    assert.deepEqual(readKdf(wire), kdf)
    assert.deepEqual(kdfOnWire(kdf), wire)
  })
}

const REFUSED = [
  ...[null, {}, { kdfType: 2, iterations: 600_000 }, { kdfType: 0, iterations: '600000' }],
  ...[4_999, 2_000_001, 600_000.5].map((iterations) => ({ kdfType: 0, iterations })),
  ...[
    { iterations: 1 },
    { memory: 14 },
    { memory: 1025 },
    { parallelism: 0 },
    { parallelism: 17 },
    { memory: null },
  ].map((more) => ({ kdfType: 1, iterations: 3, memory: 64, parallelism: 4, ...more })),
]

for (const wire of REFUSED) {
  test(`a server that asks for ${JSON.stringify(wire)} is refused`, () => {
    assert.throws(() => readKdf(wire), KdfError)
  })
}
