import assert from 'node:assert/strict'
import { constants, createPublicKey, publicEncrypt } from 'node:crypto'
import { test } from 'node:test'
import { fromBase64 } from '../../../web/src/crypto/bytes.ts'
import { makeKeyPair, unwrapWith, wrapFor } from '../../../web/src/crypto/rsa.ts'
import { DecryptionError, SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'

test('a key reaches whoever has the private key, and nobody else', async () => {
  const userKey = SymmetricKey.random()
  const [pair, other] = await Promise.all([makeKeyPair(userKey), makeKeyPair(userKey)])
  const privateKey = await userKey.decryptBytes(pair.protectedPrivateKey)
  const sent = SymmetricKey.random()
  const wrapped = await wrapFor(pair.publicKey, sent)
  assert.match(wrapped, /^4\.[A-Za-z0-9+/]{342}==$/)
  assert.deepEqual((await unwrapWith(privateKey, wrapped)).bytes, sent.bytes)
  await assert.rejects(unwrapWith(privateKey, await wrapFor(other.publicKey, sent)), DecryptionError)
})

test('what Node encrypts by OAEP with SHA-1 is read', async () => {
  const userKey = SymmetricKey.random()
  const pair = await makeKeyPair(userKey)
  const publicKey = createPublicKey({ key: Buffer.from(fromBase64(pair.publicKey)), format: 'der', type: 'spki' })
  const sent = SymmetricKey.random()
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const data = publicEncrypt({ key: publicKey, padding, oaepHash: 'sha1' }, Buffer.from(sent.bytes)).toString('base64')
  const privateKey = await userKey.decryptBytes(pair.protectedPrivateKey)
  assert.deepEqual((await unwrapWith(privateKey, `4.${data}`)).bytes, sent.bytes)
  // As some clients once wrote it, with a MAC that says nothing.
  assert.deepEqual((await unwrapWith(privateKey, `4.${data}|bWFj`)).bytes, sent.bytes)
})

test('what is no EncString for a private key is refused', async () => {
  const userKey = SymmetricKey.random()
  const privateKey = await userKey.decryptBytes((await makeKeyPair(userKey)).protectedPrivateKey)
  for (const text of ['', '4.', '4.!', '2.a|b|c', 'x']) {
    await assert.rejects(unwrapWith(privateKey, text), DecryptionError, text)
  }
})
