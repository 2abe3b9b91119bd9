import Type from 'typebox'
import type { Kdf } from '#store'
import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'

/** What strangers are told, so that nothing but an unusual setting gives an address away. */
const DEFAULT_KDF: Kdf = { type: 0, iterations: 600_000, memory: null, parallelism: null }

const schema = { body: Type.Object({ email: Type.String() }) }

/** Adds a route that tells how the client derives its master key, which it must know before it logs in. */
export function registerPrelogin(scope: VaultApp, context: VaultContext, path: string): void {
  scope.post(path, { schema }, async (request) => {
    const user = await context.store.users.findByEmail(request.body.email.trim())
    const { type, iterations, memory, parallelism } = user?.kdf ?? DEFAULT_KDF
    return {
      kdf: type,
      kdfIterations: iterations,
      kdfMemory: memory,
      kdfParallelism: parallelism,
      kdfSettings: { kdfType: type, iterations, memory, parallelism },
      // Null: the address itself, trimmed and in lower case.
      salt: null,
    }
  })
}
