import { type Bytes, fromText, toBase64 } from './bytes.ts'

/** How a master key is made of a password, as the server says it. spec: vault §4.2 */
export type Kdf =
  | { readonly type: 'PBKDF2'; readonly iterations: number }
  | {
      readonly type: 'Argon2id'
      readonly iterations: number
      /** MiB. */
      readonly memory: number
      readonly parallelism: number
    }

/** What a new account gets unless its user wants another. */
export const DEFAULT_KDF: Kdf = { type: 'PBKDF2', iterations: 600_000 }

/** What the server takes. Inclusive. spec: vault §4.2 */
export const KDF_RANGES = {
  PBKDF2: { iterations: [600_000, 2_000_000] },
  Argon2id: { iterations: [2, 10], memory: [16, 1024], parallelism: [1, 16] },
} as const

const KEY_BYTES = 32
const KIB_PER_MIB = 1024

/** The key that everything begins with, 32 bytes; it never leaves the browser. `salt`: the address, or what the server says in its place. */
export function deriveMasterKey(password: string, salt: string, kdf: Kdf): Promise<Bytes> {
  return deriveKey(password, salt.trim().toLowerCase(), kdf)
}

/** 32 bytes, of a salt that counts as it is. */
export function deriveKey(password: string, salt: string, kdf: Kdf): Promise<Bytes> {
  const bytes = fromText(salt)
  return kdf.type === 'PBKDF2' ? pbkdf2(fromText(password), bytes, kdf.iterations) : argon2id(password, bytes, kdf)
}

/** What the server gets in place of the password, base64. */
export async function deriveMasterPasswordHash(masterKey: Bytes, password: string): Promise<string> {
  return toBase64(await pbkdf2(masterKey, fromText(password), 1))
}

/** PBKDF2-HMAC-SHA256, 32 bytes. RFC 8018 §5.2 */
export async function pbkdf2(secret: Bytes, salt: Bytes, iterations: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits'])
  const bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, KEY_BYTES * 8)
  return new Uint8Array(bits)
}

async function argon2id(password: string, salt: Bytes, kdf: Kdf & { type: 'Argon2id' }): Promise<Bytes> {
  // A third of the code of the first page, and most accounts never need it.
  const { argon2id: derive } = await import('hash-wasm')
  const nonce = new Uint8Array(await crypto.subtle.digest('SHA-256', salt))
  const key = await derive({
    password: fromText(password),
    salt: nonce,
    iterations: kdf.iterations,
    memorySize: kdf.memory * KIB_PER_MIB,
    parallelism: kdf.parallelism,
    hashLength: KEY_BYTES,
    outputType: 'binary',
  })
  return new Uint8Array(key)
}

/** HKDF-Expand alone with SHA-256 (RFC 5869 §2.3), one block of it: 32 bytes. */
export async function expand(key: Bytes, info: string): Promise<Bytes> {
  const hmac = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', hmac, fromText(`${info}\x01`)))
}

/** HKDF with SHA-256 (RFC 5869): `length` bytes. */
export async function hkdf(secret: Bytes, salt: string, info: string, length: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const params = { name: 'HKDF', hash: 'SHA-256', salt: fromText(salt), info: fromText(info) }
  return new Uint8Array(await crypto.subtle.deriveBits(params, key, length * 8))
}
