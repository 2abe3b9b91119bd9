import { isObject, type JsonObject } from '../api/json.ts'
import type { Kdf } from '../crypto/kdf.ts'

/**
 * What a server may ask for when an account is opened, inclusive, as the apps have it: less would give the password away to
 * a server that lies, more would keep the browser busy for ever. Argon2's memory in MiB.
 */
const ACCEPTED = {
  PBKDF2: { iterations: [5_000, 2_000_000] },
  Argon2id: { iterations: [2, 10], memory: [15, 1024], parallelism: [1, 16] },
} as const

/** The server asks for a key derivation that is not safe, or not known. */
export class KdfError extends Error {
  override name = 'KdfError'
}

/** A key derivation as the server says it (`kdfSettings`, `masterPasswordUnlock.kdf`). Throws a `KdfError`. Spec: vault §2.3 */
export function readKdf(wire: unknown): Kdf {
  const { kdfType, iterations, memory, parallelism } = isObject(wire) ? wire : {}
  if (kdfType === 0 && isWithin(iterations, ACCEPTED.PBKDF2.iterations)) return { type: 'PBKDF2', iterations }
  if (
    kdfType === 1 &&
    isWithin(iterations, ACCEPTED.Argon2id.iterations) &&
    isWithin(memory, ACCEPTED.Argon2id.memory) &&
    isWithin(parallelism, ACCEPTED.Argon2id.parallelism)
  ) {
    return { type: 'Argon2id', iterations, memory, parallelism }
  }
  throw new KdfError('The server asks for a key derivation that is not accepted')
}

/** The same in the words of requests. */
export function kdfOnWire(kdf: Kdf): JsonObject {
  const { iterations } = kdf
  if (kdf.type === 'PBKDF2') return { kdfType: 0, iterations, memory: null, parallelism: null }
  return { kdfType: 1, iterations, memory: kdf.memory, parallelism: kdf.parallelism }
}

function isWithin(value: unknown, [least, most]: readonly [number, number]): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}
