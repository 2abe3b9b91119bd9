import { argon2, createHash, createHmac, generateKeyPair, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { Kdf } from '#store'
import { encrypt, KEY_BYTES, type SymmetricKey, symmetricKey } from './enc-string.ts'

/*
 * What a Bitwarden client does with the master password before anything leaves it (spec/vault.md §4.2).
 */

const derivePbkdf2 = promisify(pbkdf2)
const deriveArgon2 = promisify(argon2)
const generate = promisify(generateKeyPair)

const MASTER_KEY_BYTES = 32
const RSA_BITS = 2048
const KIB_PER_MIB = 1024

/** What clients choose for a new account unless told otherwise. */
export const DEFAULT_KDF: Kdf = { type: 0, iterations: 600_000, memory: null, parallelism: null }

/** The key that everything begins with. It never leaves the client. The address is the salt. */
export async function deriveMasterKey(password: string, email: string, kdf: Kdf): Promise<Buffer> {
  const salt = email.trim().toLowerCase()
  if (kdf.type === 0) return derivePbkdf2(password, salt, kdf.iterations, MASTER_KEY_BYTES, 'sha256')
  if (kdf.memory === null || kdf.parallelism === null) throw new RangeError('Argon2id needs memory and parallelism')
  return deriveArgon2('argon2id', {
    message: password,
    nonce: createHash('sha256').update(salt).digest(),
    passes: kdf.iterations,
    memory: kdf.memory * KIB_PER_MIB,
    parallelism: kdf.parallelism,
    tagLength: MASTER_KEY_BYTES,
  })
}

/** What the server gets instead of the password. */
export async function deriveMasterPasswordHash(masterKey: Buffer, password: string): Promise<string> {
  return (await derivePbkdf2(masterKey, password, 1, MASTER_KEY_BYTES, 'sha256')).toString('base64')
}

/** The key that protects the user key: HKDF's second half (RFC 5869 §2.3, one block) for each of the two parts. */
export function stretchMasterKey(masterKey: Buffer): SymmetricKey {
  const expand = (info: string) => createHmac('sha256', masterKey).update(`${info}\x01`).digest()
  return { enc: expand('enc'), mac: expand('mac') }
}

/** The keys of a new account: the user key, and what of it may be stored on the server. */
export interface NewKeys {
  readonly userKey: SymmetricKey
  /** The user key, protected by the stretched master key. */
  readonly protectedUserKey: string
  /** SPKI in base64. */
  readonly publicKey: string
  /** PKCS#8, protected by the user key. */
  readonly protectedPrivateKey: string
}

export async function makeKeys(masterKey: Buffer): Promise<NewKeys> {
  const bytes = randomBytes(KEY_BYTES)
  const userKey = symmetricKey(bytes)
  const { publicKey, privateKey } = await generate('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  return {
    userKey,
    protectedUserKey: encrypt(bytes, stretchMasterKey(masterKey)),
    publicKey: publicKey.toString('base64'),
    protectedPrivateKey: encrypt(privateKey, userKey),
  }
}
