import assert from 'node:assert/strict'
import { constants, createPrivateKey, createPublicKey, privateDecrypt, publicEncrypt } from 'node:crypto'
import { test } from 'node:test'
import { fromBase64 } from '../../../web/src/crypto/bytes.ts'
import { makeKeyPair, makeOneTimePair, wrapFor } from '../../../web/src/crypto/rsa.ts'
import { DecryptionError, SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' } as const

test('a key reaches whoever has the private key, and nobody else', async () => {
  const userKey = SymmetricKey.random()
  const [pair, other] = await Promise.all([makeKeyPair(userKey), makeKeyPair(userKey)])
  const pkcs8 = Buffer.from(await userKey.decryptBytes(pair.protectedPrivateKey))
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  // As Node reads it.
  const unwrap = (wrapped: string) => privateDecrypt({ key, ...OAEP }, Buffer.from(wrapped.slice(2), 'base64'))
  const sent = SymmetricKey.random()
  const wrapped = await wrapFor(pair.publicKey, sent)
  assert.match(wrapped, /^4\.[A-Za-z0-9+/]{342}==$/)
  assert.deepEqual(unwrap(wrapped), Buffer.from(sent.bytes))
  const others = await wrapFor(other.publicKey, sent)
  assert.throws(() => unwrap(others))
})

test('what Node encrypts by OAEP with SHA-1 is read', async () => {
  const { publicKey, unwrap } = await makeOneTimePair()
  const key = createPublicKey({ key: Buffer.from(fromBase64(publicKey)), format: 'der', type: 'spki' })
  const sent = SymmetricKey.random()
  const data = publicEncrypt({ key, ...OAEP }, Buffer.from(sent.bytes)).toString('base64')
  assert.deepEqual((await unwrap(`4.${data}`)).bytes, sent.bytes)
  // As some clients once wrote it, with a MAC that says nothing.
  assert.deepEqual((await unwrap(`4.${data}|bWFj`)).bytes, sent.bytes)
})

test('what is no EncString for a private key, or for another one, is refused', async () => {
  const { unwrap } = await makeOneTimePair()
  const others = await wrapFor((await makeOneTimePair()).publicKey, SymmetricKey.random())
  for (const text of ['', '4.', '4.!', '2.a|b|c', 'x', others])
    await assert.rejects(unwrap(text), DecryptionError, text)
})
