/** Exports that a password of their own protects: an export that is not encrypted within one that is. */
import type { JsonObject } from '../../api/json.ts'
import { randomBytes, toBase64 } from '../../crypto/bytes.ts'
import { deriveKey, type Kdf } from '../../crypto/kdf.ts'
import { DecryptionError, SymmetricKey } from '../../crypto/symmetric-key.ts'
import { kdfOnWire, readKdf } from '../../model/kdf-wire.ts'

const SALT_BYTES = 16

/** `kdf`: the apps take that of the account. */
export async function protect(text: string, password: string, kdf: Kdf): Promise<JsonObject> {
  const salt = toBase64(randomBytes(SALT_BYTES))
  const key = await keyOf(password, salt, kdf)
  const { kdfType, iterations, memory, parallelism } = kdfOnWire(kdf)
  return {
    ...{ encrypted: true, passwordProtected: true, salt, kdfType, kdfIterations: iterations },
    ...(kdf.type === 'Argon2id' && { kdfMemory: memory, kdfParallelism: parallelism }),
    // It tells a wrong password from damage.
    encKeyValidation_DO_NOT_EDIT: await key.encrypt(crypto.randomUUID()),
    data: await key.encrypt(text),
  }
}

export function isProtected(document: JsonObject): boolean {
  return document.encrypted === true && document.passwordProtected === true
}

export class WrongFilePasswordError extends Error {
  override name = 'WrongFilePasswordError'
}

/**
 * What it protects. Rejects with a `WrongFilePasswordError`, a `KdfError` when it asks for a derivation that is not
 * accepted, and a `DecryptionError` when what it protects is damaged.
 */
export async function unprotect(document: JsonObject, password: string): Promise<string> {
  const { salt, kdfType, kdfIterations, kdfMemory, kdfParallelism, encKeyValidation_DO_NOT_EDIT, data } = document
  const kdf = readKdf({ kdfType, iterations: kdfIterations, memory: kdfMemory, parallelism: kdfParallelism })
  const key = await keyOf(password, String(salt), kdf)
  try {
    await key.decryptBytes(String(encKeyValidation_DO_NOT_EDIT))
  } catch (cause) {
    if (cause instanceof DecryptionError) throw new WrongFilePasswordError('The password is wrong', { cause })
    throw cause
  }
  return key.decryptText(String(data))
}

async function keyOf(password: string, salt: string, kdf: Kdf): Promise<SymmetricKey> {
  return SymmetricKey.stretched(await deriveKey(password, salt, kdf))
}
