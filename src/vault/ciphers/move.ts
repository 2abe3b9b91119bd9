import Type from 'typebox'
import { BulkRequest } from '../bulk-request.ts'
import type { VaultContext } from '../context.ts'
import { ownFolder } from '../folders/index.ts'
import { Maybe, orNull, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { ownCiphers } from './cipher-store.ts'

const MoveRequest = Type.Object({ ids: BulkRequest.properties.ids, folderId: Maybe.text() })

/**
 * Into a folder, or with none out of it. The answer is empty, so the acting client would not learn of a new revision
 * date, and its next edit would be refused as out of date: the items keep theirs. Hence `SyncCiphers` even for a single
 * item, since an event about the item itself would be dropped for not being newer.
 */
export function registerMove(scope: VaultApp, context: VaultContext): void {
  const { notifier, clock } = context

  scope.route({
    method: ['PUT', 'POST'],
    url: '/ciphers/move',
    schema: { body: MoveRequest },
    handler: async ({ session, body }, reply) => {
      const userId = session.user.id
      const folderId = orNull(body.folderId)
      const date = await inSession(context, session, async (store) => {
        if (folderId !== null) await ownFolder(store, userId, folderId)
        const ciphers = await ownCiphers(store, userId, body.ids)
        const ids = ciphers.map(({ id }) => id)
        await store.ciphers.setFolder(userId, ids, folderId)
        return store.users.touch(userId, new Date(clock.now()))
      })
      notifier.account('SyncCiphers', userId, date, session.device.id)
      return reply.send()
    },
  })
}
