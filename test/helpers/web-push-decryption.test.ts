import assert from 'node:assert/strict'
import { createECDH } from 'node:crypto'
import { test } from 'node:test'
import { decryptWebPush } from './web-push-decryption.ts'

/** RFC 8291, appendix A. */
const PRIVATE_KEY = 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'
const PUBLIC_KEY = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'
const AUTH = 'BTBZMqHH6r4Tts7J_aSIgg'
const BODY =
  'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN'

function keys() {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(PRIVATE_KEY, 'base64url')
  return { ecdh, auth: Buffer.from(AUTH, 'base64url') }
}

test('the message of RFC 8291, appendix A, is decrypted', () => {
  assert.equal(keys().ecdh.getPublicKey('base64url'), PUBLIC_KEY)
  const plain = decryptWebPush(Buffer.from(BODY, 'base64url'), keys())
  assert.equal(plain.toString(), 'When I grow up, I want to be a watermelon')
})

test('a message of which any byte was changed is not decrypted, but for the size of its record', () => {
  const body = Buffer.from(BODY, 'base64url')
  for (let index = 0; index < body.length; index++) {
    if (index >= 16 && index < 20) continue
    const changed = Buffer.from(body)
    changed[index]! ^= 1
    assert.throws(() => decryptWebPush(changed, keys()), `byte ${index}`)
  }
})

test('a message that was cut anywhere is not decrypted', () => {
  const body = Buffer.from(BODY, 'base64url')
  for (let length = 0; length < body.length; length++) {
    assert.throws(() => decryptWebPush(body.subarray(0, length), keys()), `${length} bytes`)
  }
})

test('a record that is longer than its size, or a size that is too small, is refused', () => {
  for (const size of [17, 20]) {
    const body = Buffer.from(BODY, 'base64url')
    body.writeUInt32BE(size, 16)
    assert.throws(() => decryptWebPush(body, keys()), /record/)
  }
})
