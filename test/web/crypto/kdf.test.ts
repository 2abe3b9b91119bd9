import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deriveMasterKey, deriveMasterPasswordHash, hkdf, type Kdf } from '../../../web/src/crypto/kdf.ts'

const PASSWORD = 'correct horse battery staple'
// Case and the space behind do not count.
const EMAIL = 'Alice@Example.com '

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

// spec: vault §4.3
const vectors: [kdf: Kdf, masterKey: string, hash: string][] = [
  [
    { type: 'PBKDF2', iterations: 600_000 },
    '5b6af1cbb1d9d6b4781a0af7e6bdee47e0767276b729b21bc8bc7f3a1a1af384',
    '4Aa46Fc7qpSyhQZ1PBBTSDpBMGrkvVsIOK5CG+1yzBE=',
  ],
  [
    { type: 'Argon2id', iterations: 3, memory: 64, parallelism: 4 },
    '9ebd3241bbdf8e8ea98c61a06f46d640a197d3838cac0d2433697b6974150479',
    'pJ0hKWiPK4NAr5TI7sWMRksz0P017MZPk2CNX67Iwu4=',
  ],
]

for (const [kdf, masterKey, hash] of vectors) {
  test(`${kdf.type} makes the key and the hash that the apps make`, async () => {
    const key = await deriveMasterKey(PASSWORD, EMAIL, kdf)
    assert.equal(hex(key), masterKey)
    assert.equal(await deriveMasterPasswordHash(key, PASSWORD), hash)
  })
}

test('HKDF is that of RFC 5869', async () => {
  // Appendix A.3: no salt and no info.
  const okm = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8'
  assert.equal(hex(await hkdf(new Uint8Array(22).fill(0x0b), '', '', 42)), okm)
})
