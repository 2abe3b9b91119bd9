import crypto, { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { hash, truncates } from 'bcryptjs'
import { hasArgon2 } from './argon2.ts'
import { type Argon2Parameters, isPossible } from './secret.ts'

/** What `nats server passwd` takes, and nats-server's documentation recommends. */
export const DEFAULT_BCRYPT_COST = 11

/** RFC 9106 §4, for where memory is scarce. */
export const DEFAULT_ARGON2: Argon2Parameters = { algorithm: 'argon2id', memoryKib: 65_536, passes: 3, parallelism: 4 }

const SALT_BYTES = 16
const HASH_BYTES = 32

/**
 * The hash of a password for the configuration, which nats-server understands too. `cost`: 4 to 31, each doubles the time.
 * Throws a `RangeError` for another, and for a password of more than 72 bytes, of which bcrypt would pass over the rest.
 */
export async function bcryptPassword(password: string, cost = DEFAULT_BCRYPT_COST): Promise<string> {
  if (!Number.isInteger(cost) || cost < 4 || cost > 31) throw new RangeError('The cost must be from 4 to 31')
  if (truncates(password)) throw new RangeError('The password is longer than 72 bytes')
  return hash(password, cost)
}

/**
 * The hash of a password as a PHC string for the configuration of Belfry; nats-server would take it for the password.
 * Throws a `RangeError` for parameters that argon2 does not have, and an `Error` on a Node older than 24.7.
 */
export async function argon2Password(password: string, parameters: Partial<Argon2Parameters> = {}): Promise<string> {
  const complete = { ...DEFAULT_ARGON2, ...parameters }
  if (!isPossible(complete)) throw new RangeError('The argon2 parameters are out of range')
  if (!hasArgon2) throw new Error('argon2 needs Node 24.7 or newer')
  const { algorithm, memoryKib, passes, parallelism } = complete
  const salt = randomBytes(SALT_BYTES)
  const derived = await promisify(crypto.argon2)(algorithm, {
    message: password,
    nonce: salt,
    tagLength: HASH_BYTES,
    memory: memoryKib,
    passes,
    parallelism,
  })
  return `$${algorithm}$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(derived)}`
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
