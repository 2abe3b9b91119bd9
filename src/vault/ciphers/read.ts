import type { VaultContext } from '../context.ts'
import { ID, IdParams, type VaultApp } from '../schema.ts'
import { list } from '../wire.ts'
import { ownCipher } from './cipher-store.ts'
import { cipherResponse } from './response.ts'

/** Reading items. What clients ask for after an event is `details`. */
export function registerReading(scope: VaultApp, { store }: VaultContext): void {
  scope.get('/ciphers', async ({ session, address }) => {
    const ciphers = await store.ciphers.ownOf(session.user.id)
    return list(ciphers.map((cipher) => cipherResponse(cipher, address)))
  })

  for (const url of [`/ciphers/${ID}`, `/ciphers/${ID}/details`]) {
    scope.get(url, { schema: { params: IdParams } }, async ({ session, params, address }) =>
      cipherResponse(await ownCipher(store, session.user.id, params.id), address),
    )
  }
}
