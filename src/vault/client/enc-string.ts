import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** A key in two halves of 32 bytes: one encrypts, the other authenticates. */
export interface SymmetricKey {
  readonly enc: Buffer
  readonly mac: Buffer
}

export const KEY_BYTES = 64
const IV_BYTES = 16

/** The two halves of 64 bytes. Throws a RangeError for any other number of them. */
export function symmetricKey(bytes: Buffer): SymmetricKey {
  if (bytes.length !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes, not ${bytes.length}`)
  return { enc: bytes.subarray(0, KEY_BYTES / 2), mac: bytes.subarray(KEY_BYTES / 2) }
}

/**
 * Bitwarden's EncString of type 2: `2.<iv>|<ciphertext>|<mac>`, each in base64; AES-256-CBC, then HMAC-SHA256 over IV
 * and ciphertext. `iv` is random unless a test vector needs another.
 */
export function encrypt(plain: string | Buffer, key: SymmetricKey, iv: Buffer = randomBytes(IV_BYTES)): string {
  const cipher = createCipheriv('aes-256-cbc', key.enc, iv)
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()])
  const parts = [iv, ciphertext, authenticate(iv, ciphertext, key)]
  return `2.${parts.map((part) => part.toString('base64')).join('|')}`
}

/** The bytes in an EncString of type 2. Throws an Error when it is of another type or was not made with `key`. */
export function decrypt(encString: string, key: SymmetricKey): Buffer {
  const [, iv, ciphertext, mac] = (/^2\.([^|]+)\|([^|]+)\|([^|]+)$/.exec(encString) ?? []).map((part) =>
    Buffer.from(part, 'base64'),
  )
  if (!iv || !ciphertext || !mac) throw new Error('Not an EncString of type 2')
  const expected = authenticate(iv, ciphertext, key)
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) throw new Error('Wrong key or altered text')
  const decipher = createDecipheriv('aes-256-cbc', key.enc, iv)
  return Buffer.concat([decipher.update(ciphertext), decipher.final()])
}

const authenticate = (iv: Buffer, ciphertext: Buffer, key: SymmetricKey) =>
  createHmac('sha256', key.mac).update(iv).update(ciphertext).digest()
