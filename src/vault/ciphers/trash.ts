import { BulkRequest } from '../bulk-request.ts'
import { nextRevision, type VaultContext } from '../context.ts'
import { removeDoomed } from '../files/remove-doomed.ts'
import { deletions, ID, IdParams, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { list } from '../wire.ts'
import { announce, changeCipher, changeCiphers, ownCipher, ownCiphers } from './cipher-store.ts'
import { cipherResponse } from './response.ts'

/** Into the trash, out of it, and gone. */
export function registerTrash(scope: VaultApp, context: VaultContext): void {
  const { notifier, clock } = context

  scope.put(`/ciphers/${ID}/delete`, { schema: { params: IdParams } }, async ({ session, params }, reply) => {
    await changeCipher(context, session, params.id, (cipher) => {
      cipher.deletedAt = new Date(clock.now())
    })
    return reply.send()
  })

  scope.put('/ciphers/delete', { schema: { body: BulkRequest } }, async ({ session, body }, reply) => {
    await changeCiphers(context, session, body.ids, (ciphers) => {
      for (const cipher of ciphers) cipher.deletedAt = new Date(clock.now())
    })
    return reply.send()
  })

  scope.put(`/ciphers/${ID}/restore`, { schema: { params: IdParams } }, async ({ session, params, address }) =>
    cipherResponse(
      await changeCipher(context, session, params.id, (cipher) => {
        cipher.deletedAt = null
      }),
      address,
    ),
  )

  scope.put('/ciphers/restore', { schema: { body: BulkRequest } }, async ({ session, body, address }) => {
    const restored = await changeCiphers(context, session, body.ids, (ciphers) => {
      for (const cipher of ciphers) cipher.deletedAt = null
    })
    return list(restored.map((cipher) => cipherResponse(cipher, address)))
  })

  for (const route of deletions(`/ciphers/${ID}`)) {
    scope.route({
      ...route,
      schema: { params: IdParams },
      handler: async ({ session, params }, reply) => {
        const deleted = await inSession(context, session, async (store) => {
          const cipher = await ownCipher(store, session.user.id, params.id)
          cipher.updatedAt = nextRevision(cipher.updatedAt, clock)
          await store.ciphers.delete([cipher.id])
          await store.users.touch(session.user.id, cipher.updatedAt)
          return cipher
        })
        announce(context, session, 'SyncLoginDelete', deleted)
        await removeDoomed(context)
        return reply.send()
      },
    })
  }

  for (const route of deletions('/ciphers')) {
    scope.route({
      ...route,
      schema: { body: BulkRequest },
      handler: async ({ session, body }, reply) => {
        const userId = session.user.id
        const date = await inSession(context, session, async (store) => {
          const ciphers = await ownCiphers(store, userId, body.ids)
          await store.ciphers.delete(ciphers.map(({ id }) => id))
          return store.users.touch(userId, new Date(clock.now()))
        })
        notifier.account('SyncCiphers', userId, date, session.device.id)
        await removeDoomed(context)
        return reply.send()
      },
    })
  }
}
