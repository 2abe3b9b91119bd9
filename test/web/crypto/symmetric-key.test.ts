import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decrypt, encrypt, symmetricKey } from '../../../src/vault/client/enc-string.ts'
import { stretchMasterKey } from '../../../src/vault/client/keys.ts'
import { fromText, randomBytes, toBase64 } from '../../../web/src/crypto/bytes.ts'
import { DecryptionError, SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'

const BYTES = randomBytes(64)
const key = new SymmetricKey(BYTES)
/** The same, with Node's cryptography. */
const nodeKey = symmetricKey(Buffer.from(BYTES))

test('what Node encrypts is read here, and the other way round', async () => {
  for (const text of ['', 'a', 'fifteen letters', 'sixteen letters.', 'Grüße, 世界 🔔', 'x'.repeat(100_000)]) {
    assert.equal(await key.decryptText(encrypt(text, nodeKey)), text)
    assert.equal(decrypt(await key.encrypt(text), nodeKey).toString(), text)
  }
})

test('no two EncStrings of one text are alike', async () => {
  assert.notEqual(await key.encrypt('text'), await key.encrypt('text'))
})

test('a stretched master key is that of the apps', async () => {
  const masterKey = randomBytes(32)
  const { enc, mac } = stretchMasterKey(Buffer.from(masterKey))
  assert.deepEqual(Buffer.from((await SymmetricKey.stretched(masterKey)).bytes), Buffer.concat([enc, mac]))
})

test('a key is protected by another, and comes out as it was', async () => {
  const other = SymmetricKey.random()
  assert.deepEqual((await key.unwrap(await key.wrap(other))).bytes, other.bytes)
  await assert.rejects(key.unwrap(await key.encrypt('no key')), DecryptionError)
})

test('nothing is read that was altered, or encrypted with another key', async () => {
  const encString = await key.encrypt('text')
  await assert.rejects(SymmetricKey.random().decryptText(encString), DecryptionError)
  const [iv = '', ciphertext = '', mac = ''] = encString.slice(2).split('|')
  const flipped = (part: string) => `${part[0] === 'A' ? 'B' : 'A'}${part.slice(1)}`
  for (const parts of [
    [flipped(iv), ciphertext, mac],
    [iv, flipped(ciphertext), mac],
    [iv, ciphertext, flipped(mac)],
    [iv, ciphertext, toBase64(new Uint8Array(0))],
    [iv, ciphertext],
    [iv, ciphertext, mac, mac],
  ]) {
    await assert.rejects(key.decryptText(`2.${parts.join('|')}`), DecryptionError, parts.join('|'))
  }
  for (const text of ['', '2.', '2.|||', 'text', `0.${iv}|${ciphertext}`, `7.${ciphertext}`, '2.ä|ö|ü']) {
    await assert.rejects(key.decryptText(text), DecryptionError, text)
  }
})

test('files are type, IV, MAC and ciphertext in a row', async () => {
  const plain = fromText('a file')
  const file = await key.encryptFile(plain)
  // spec: vault §4.2, step 10: 6 bytes become 65.
  assert.equal(file.length, 65)
  assert.equal(file[0], 2)
  assert.deepEqual(await key.decryptFile(file), plain)
  for (const at of [0, 1, 17, 49]) {
    const altered = file.slice()
    altered[at]! ^= 1
    await assert.rejects(key.decryptFile(altered), DecryptionError, String(at))
  }
  await assert.rejects(key.decryptFile(file.slice(0, 49)), DecryptionError)
})

test('a key has 64 bytes', () => {
  assert.throws(() => new SymmetricKey(randomBytes(32)), RangeError)
})
