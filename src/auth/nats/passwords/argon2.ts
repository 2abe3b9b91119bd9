/** Not by name: Node has it since 24.7 only. */
import crypto from 'node:crypto'
import type { Argon2Parameters } from './secret.ts'

interface Argon2Input {
  readonly password: string
  readonly salt: Buffer
  readonly hashBytes: number
}

/** Whether this Node can do it. */
export const hasArgon2 = typeof crypto.argon2Sync === 'function'

/** RFC 9106. Keeps the thread busy for as long as the parameters demand. Throws when there is no memory for it. */
export function argon2(parameters: Argon2Parameters, { password, salt, hashBytes }: Argon2Input): Buffer {
  const { algorithm, memoryKib, passes, parallelism } = parameters
  return crypto.argon2Sync(algorithm, {
    message: password,
    nonce: salt,
    tagLength: hashBytes,
    memory: memoryKib,
    passes,
    parallelism,
  })
}
