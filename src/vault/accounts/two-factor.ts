import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'
import { list } from '../wire.ts'

/** The second factors that are set up, which so far only a Vaultwarden can have done. */
export function registerTwoFactor(scope: VaultApp, { store }: VaultContext): void {
  scope.get('/two-factor', async ({ session }) => {
    const factors = await store.users.secondFactors(session.user.id)
    return list(factors.map((type) => ({ enabled: true, type, object: 'twoFactorProvider' })))
  })
}
