import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import type { Kdf } from '#store'
import {
  DEFAULT_KDF,
  decrypt,
  deriveMasterKey,
  deriveMasterPasswordHash,
  encrypt,
  makeKeys,
  stretchMasterKey,
  symmetricKey,
} from '#vault'

const EMAIL = 'Alice@Example.com '
const PASSWORD = 'correct horse battery staple'
const bytes = (first: number, count: number) => Buffer.from(Array.from({ length: count }, (_, index) => first + index))
const USER_KEY = bytes(0, 64)
const ARGON2: Kdf = { type: 1, iterations: 3, memory: 64, parallelism: 4 }

// spec/vault.md §4.3
const vectors = [
  {
    name: 'PBKDF2',
    kdf: DEFAULT_KDF,
    masterKey: '5b6af1cbb1d9d6b4781a0af7e6bdee47e0767276b729b21bc8bc7f3a1a1af384',
    hash: '4Aa46Fc7qpSyhQZ1PBBTSDpBMGrkvVsIOK5CG+1yzBE=',
    enc: '9491c5fdbe789e3493ce99768d1c918f3fb6714d23349e65517217661223a1bb',
    mac: 'd7b2b53715931360d859209f74004c60161f9a118478737da8aeb44c0253561b',
    protectedUserKey:
      '2.oKGio6SlpqeoqaqrrK2urw==|cUd1Vl3ocDBugR7PjRkOxRrHrcq7jajOvQUJSECf8ZQYdGfKCmNczMl9bisCk/bQWW9pNNvELL385fGn/rYslUpx+Hx3JPT2llYozoIzR0c=|rbXRWWhjImUcJ/jIGGe0VtBbjjiVt/0cXv1YSnECZ+I=',
  },
  {
    name: 'Argon2id',
    kdf: ARGON2,
    masterKey: '9ebd3241bbdf8e8ea98c61a06f46d640a197d3838cac0d2433697b6974150479',
    hash: 'pJ0hKWiPK4NAr5TI7sWMRksz0P017MZPk2CNX67Iwu4=',
    enc: '92127a39b86afccbb1549e5ff30e89b8c9ba1d02899535c1e5c1ec60fb1ea9b5',
    mac: 'f637e6b50658cbf391320920c5bfbe0bce9be75285c75f8eeef1efdf6b80b419',
    protectedUserKey:
      '2.oKGio6SlpqeoqaqrrK2urw==|VYkWIpdDokksZxKjLSXgRi4KZm52uUhQjcXCs9A6EnaJlFzdASvYaK7jqQ+vUjODhBfvDhgtwIpupMqpYVNqcDl3u3Pm01IYgAGeV9FB5g4=|JZfKqxE7S5NIUu8sy+DI1FeZOo4mXUQyswjf+wRnA/U=',
  },
]

for (const vector of vectors) {
  test(`${vector.name} gives the keys that Bitwarden clients derive`, async () => {
    const masterKey = await deriveMasterKey(PASSWORD, EMAIL, vector.kdf)
    assert.equal(masterKey.toString('hex'), vector.masterKey)
    assert.equal(await deriveMasterPasswordHash(masterKey, PASSWORD), vector.hash)
    const stretched = stretchMasterKey(masterKey)
    assert.equal(stretched.enc.toString('hex'), vector.enc)
    assert.equal(stretched.mac.toString('hex'), vector.mac)
    assert.equal(encrypt(USER_KEY, stretched, bytes(0xa0, 16)), vector.protectedUserKey)
    assert.deepEqual(decrypt(vector.protectedUserKey, stretched), USER_KEY)
  })
}

test('text is encrypted as Bitwarden clients encrypt it', () => {
  const encrypted = '2.sLGys7S1tre4ubq7vL2+vw==|r5yNsxfnDMCzmNS1eibTHw==|ovb1vPK1kZlCBZZQMpD0iLpCE5XKEMFnqhl4RDBRkew='
  assert.equal(encrypt('My first login', symmetricKey(USER_KEY), bytes(0xb0, 16)), encrypted)
  assert.equal(decrypt(encrypted, symmetricKey(USER_KEY)).toString(), 'My first login')
})

test('an altered text, another key and another type are refused', () => {
  const key = symmetricKey(USER_KEY)
  const encrypted = encrypt('secret', key)
  const [iv, ciphertext, mac] = encrypted.slice(2).split('|')
  const altered = Buffer.from(ciphertext!, 'base64')
  altered[0]! ^= 1
  assert.throws(() => decrypt(`2.${iv}|${altered.toString('base64')}|${mac}`, key), /altered/)
  assert.throws(() => decrypt(encrypted, symmetricKey(bytes(1, 64))), /Wrong key/)
  assert.throws(() => decrypt(`0.${iv}|${ciphertext}`, key), /type 2/)
  assert.throws(() => symmetricKey(bytes(0, 32)), /64 bytes, not 32/)
})

test('the keys of a new account open each other', async () => {
  const masterKey = bytes(7, 32)
  const keys = await makeKeys(masterKey)
  const userKey = symmetricKey(decrypt(keys.protectedUserKey, stretchMasterKey(masterKey)))
  assert.deepEqual(userKey, keys.userKey)
  const key = decrypt(keys.protectedPrivateKey, userKey)
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  assert.equal(privateKey.asymmetricKeyDetails?.modulusLength, 2048)
})
