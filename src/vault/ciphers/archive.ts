import type { CipherView, Store } from '#store'
import { BulkRequest } from '../bulk-request.ts'
import type { VaultContext } from '../context.ts'
import { ID, IdParams, type VaultApp } from '../schema.ts'
import { list } from '../wire.ts'
import { changeCipher, changeCiphers } from './cipher-store.ts'
import { cipherResponse } from './response.ts'

/** Into the archive and out of it. The official CLI uses the bulk form even for one item. */
export function registerArchive(scope: VaultApp, context: VaultContext): void {
  for (const action of ['archive', 'unarchive'] as const) {
    const mark = async (userId: string, ciphers: readonly CipherView[], store: Store) => {
      const at = action === 'archive' ? new Date(context.clock.now()) : null
      const ids = ciphers.map(({ id }) => id)
      await store.ciphers.setArchived(userId, ids, at)
      for (const cipher of ciphers) cipher.archivedAt = at
    }

    scope.put(`/ciphers/${ID}/${action}`, { schema: { params: IdParams } }, async ({ session, params, address }) =>
      cipherResponse(
        await changeCipher(context, session, params.id, (cipher, store) => mark(session.user.id, [cipher], store)),
        address,
      ),
    )

    scope.put(`/ciphers/${action}`, { schema: { body: BulkRequest } }, async ({ session, body, address }) => {
      const marked = await changeCiphers(context, session, body.ids, (ciphers, store) =>
        mark(session.user.id, ciphers, store),
      )
      return list(marked.map((cipher) => cipherResponse(cipher, address)))
    })
  }
}
