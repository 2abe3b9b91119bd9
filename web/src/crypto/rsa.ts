import { fromBase64, toBase64 } from './bytes.ts'
import { DecryptionError, SymmetricKey } from './symmetric-key.ts'

const ALGORITHM = { name: 'RSA-OAEP', hash: 'SHA-1' } as const
const EXPONENT = Uint8Array.of(1, 0, 1)
const BITS = 2048
/** EncStrings by what they were encrypted with. spec: vault §4.2, step 5 */
const TYPE = 4

/** The pair of a new account. */
export interface NewKeyPair {
  /** SPKI, base64. */
  readonly publicKey: string
  /** PKCS#8, protected by the user key. */
  readonly protectedPrivateKey: string
}

export async function makeKeyPair(userKey: SymmetricKey): Promise<NewKeyPair> {
  const params = { ...ALGORITHM, modulusLength: BITS, publicExponent: EXPONENT }
  const { publicKey, privateKey } = await crypto.subtle.generateKey(params, true, ['encrypt', 'decrypt'])
  const [spki, pkcs8] = await Promise.all([
    crypto.subtle.exportKey('spki', publicKey),
    crypto.subtle.exportKey('pkcs8', privateKey),
  ])
  return {
    publicKey: toBase64(new Uint8Array(spki)),
    protectedPrivateKey: await userKey.encrypt(new Uint8Array(pkcs8)),
  }
}

/** A pair for one key that somebody is to send. The private one cannot be read, and goes when this does. */
export interface OneTimePair {
  /** SPKI, base64. */
  readonly publicKey: string
  /** Rejects with a `DecryptionError`. */
  unwrap(encString: string): Promise<SymmetricKey>
}

export async function makeOneTimePair(): Promise<OneTimePair> {
  const params = { ...ALGORITHM, modulusLength: BITS, publicExponent: EXPONENT }
  const { publicKey, privateKey } = await crypto.subtle.generateKey(params, false, ['encrypt', 'decrypt'])
  return {
    publicKey: toBase64(new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))),
    unwrap: (encString) => unwrap(privateKey, encString),
  }
}

/** A key for whoever has the private key to `publicKey` (SPKI, base64): an EncString of type 4. */
export async function wrapFor(publicKey: string, key: SymmetricKey): Promise<string> {
  const imported = await crypto.subtle.importKey('spki', fromBase64(publicKey), ALGORITHM, false, ['encrypt'])
  return `${TYPE}.${toBase64(new Uint8Array(await crypto.subtle.encrypt(ALGORITHM, imported, key.bytes)))}`
}

/** Of WebCrypto: Node's types have no such name for it. */
type PrivateKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

async function unwrap(privateKey: PrivateKey, encString: string): Promise<SymmetricKey> {
  const [, data] = /^4\.([^|]+)(?:\|.*)?$/.exec(encString) ?? []
  if (data === undefined) throw new DecryptionError('It is not an EncString of type 4')
  try {
    return new SymmetricKey(new Uint8Array(await crypto.subtle.decrypt(ALGORITHM, privateKey, fromBase64(data))))
  } catch (cause) {
    throw new DecryptionError('It was not encrypted for this account', { cause })
  }
}
