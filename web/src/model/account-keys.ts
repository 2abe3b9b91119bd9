/** The keys that open an account, and what is sent when they are made or change. Spec: vault §2.3; §4.2, steps 1-7 */

import type { JsonObject } from '../api/json.ts'
import type { Bytes } from '../crypto/bytes.ts'
import { DEFAULT_KDF, deriveMasterKey, deriveMasterPasswordHash, type Kdf } from '../crypto/kdf.ts'
import { makeKeyPair } from '../crypto/rsa.ts'
import { DecryptionError, SymmetricKey } from '../crypto/symmetric-key.ts'
import { kdfOnWire } from './kdf-wire.ts'

export class WrongPasswordError extends Error {
  override name = 'WrongPasswordError'
}

/** What a password is, and how it becomes keys. */
export interface Credentials {
  readonly password: string
  /** The address, or what the server says in its place. */
  readonly salt: string
  readonly kdf: Kdf
}

/** What a master password has become: half a second of work, done once for each time it is typed. */
export interface MasterSecrets {
  /** What proves the password to the server, base64. */
  readonly hash: string
  /** What protects the user key. It never leaves the browser. */
  readonly key: SymmetricKey
}

export async function masterSecretsOf({ password, salt, kdf }: Credentials): Promise<MasterSecrets> {
  const masterKey = await deriveMasterKey(password, salt, kdf)
  const [hash, key] = await Promise.all([
    deriveMasterPasswordHash(masterKey, password),
    SymmetricKey.stretched(masterKey),
  ])
  return { hash, key }
}

/**
 * The user key. Rejects with a `WrongPasswordError` when another password protects it, which its MAC tells, and with a
 * `DecryptionError` when it is nothing that a password protects.
 */
export async function openUserKey({ key }: Pick<MasterSecrets, 'key'>, protectedKey: string): Promise<SymmetricKey> {
  if (!/^2\.[^|]+\|[^|]+\|[^|]+$/.test(protectedKey)) throw new DecryptionError('The user key is of no known kind')
  try {
    return await key.unwrap(protectedKey)
  } catch (cause) {
    if (cause instanceof DecryptionError) throw new WrongPasswordError('The password is wrong', { cause })
    throw cause
  }
}

/** The account's RSA key, PKCS#8. Rejects with a `DecryptionError`. */
export function openPrivateKey(userKey: SymmetricKey, protectedPrivateKey: string): Promise<Bytes> {
  return userKey.decryptBytes(protectedPrivateKey)
}

export interface NewAccountOptions {
  readonly email: string
  readonly password: string
  /** Shown, or mailed, to whoever asks for it. */
  readonly hint?: string | undefined
  /** Default `DEFAULT_KDF`. */
  readonly kdf?: Kdf
}

/** All keys of a new account, as `register/finish` wants them; the address's verification token is the caller's to add. */
export async function newAccount({ email, password, hint, kdf = DEFAULT_KDF }: NewAccountOptions): Promise<JsonObject> {
  const salt = normalized(email)
  const secrets = await masterSecretsOf({ password, salt, kdf })
  const userKey = SymmetricKey.random()
  const { publicKey, protectedPrivateKey } = await makeKeyPair(userKey)
  const { authenticationData, unlockData } = await passwordData(secrets, { salt, kdf }, userKey)
  return {
    email: salt,
    masterPasswordHint: hint ?? null,
    masterPasswordAuthentication: authenticationData,
    masterPasswordUnlock: unlockData,
    userAsymmetricKeys: { publicKey, encryptedPrivateKey: protectedPrivateKey },
  }
}

/** The password as it is, and the key that it opens. */
export interface PasswordChange {
  readonly current: Credentials
  readonly userKey: SymmetricKey
}

// Below, keys are derived one after the other: Argon2id may take much of the memory that there is.

/** What changes the master password; the user key, and with it the vault, stays as it is. */
export async function changePassword(
  { current, userKey }: PasswordChange,
  password: string,
  hint?: string,
): Promise<JsonObject> {
  const next = { ...current, password }
  const { hash } = await masterSecretsOf(current)
  const data = await passwordData(await masterSecretsOf(next), next, userKey)
  return { masterPasswordHash: hash, masterPasswordHint: hint ?? null, ...data }
}

/** What changes how the keys are derived from the password, which stays. */
export async function changeKdf({ current, userKey }: PasswordChange, kdf: Kdf): Promise<JsonObject> {
  const next = { ...current, kdf }
  const { hash } = await masterSecretsOf(current)
  const data = await passwordData(await masterSecretsOf(next), next, userKey)
  return { masterPasswordHash: hash, ...data }
}

/** What changes the address, which the keys depend on; the code that was mailed to it is the caller's to add. */
export async function changeEmail({ current, userKey }: PasswordChange, newEmail: string): Promise<JsonObject> {
  const salt = normalized(newEmail)
  const { hash } = await masterSecretsOf(current)
  const secrets = await masterSecretsOf({ ...current, salt })
  return {
    newEmail: salt,
    masterPasswordHash: hash,
    newMasterPasswordHash: secrets.hash,
    key: await secrets.key.wrap(userKey),
  }
}

/** What proves a password and what it opens, each with the way it was derived. */
async function passwordData(secrets: MasterSecrets, credentials: Omit<Credentials, 'password'>, userKey: SymmetricKey) {
  const derivation = { kdf: kdfOnWire(credentials.kdf), salt: normalized(credentials.salt) }
  return {
    authenticationData: { ...derivation, masterPasswordAuthenticationHash: secrets.hash },
    unlockData: { ...derivation, masterKeyWrappedUserKey: await secrets.key.wrap(userKey) },
  }
}

const normalized = (email: string): string => email.trim().toLowerCase()
