import { announce, cipherResponse, ownCipher } from '../ciphers/index.ts'
import { nextRevision, type VaultContext } from '../context.ts'
import { removeDoomed } from '../files/remove-doomed.ts'
import { deletions, ID, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { ATTACHMENT_ID, AttachmentParams, noSuchAttachment } from './attachment-store.ts'

/** Takes a file off its item. What was only announced is withdrawn, as clients do when an upload fails. */
export function registerRemoving(scope: VaultApp, context: VaultContext): void {
  for (const route of deletions(`/ciphers/${ID}/attachment/${ATTACHMENT_ID}`)) {
    scope.route({
      ...route,
      schema: { params: AttachmentParams },
      handler: async ({ session, params, address }) => {
        const userId = session.user.id
        const attachmentId = params.attachmentId.toLowerCase()
        const { cipher, isChanged } = await inSession(context, session, async (store) => {
          const cipher = await ownCipher(store, userId, params.id)
          if (!cipher.attachments.some(({ id }) => id === attachmentId)) {
            const announced = await store.attachments.findAnnounced(attachmentId)
            if (announced?.cipherId !== cipher.id || announced.userId !== userId) throw noSuchAttachment()
            await store.attachments.takeAnnounced(attachmentId)
            return { cipher, isChanged: false }
          }
          await store.attachments.delete([attachmentId])
          cipher.attachments = cipher.attachments.filter(({ id }) => id !== attachmentId)
          cipher.updatedAt = nextRevision(cipher.updatedAt, context.clock)
          await store.ciphers.update(cipher)
          await store.users.touch(userId, cipher.updatedAt)
          return { cipher, isChanged: true }
        })
        if (isChanged) {
          announce(context, session, 'SyncCipherUpdate', cipher)
          await removeDoomed(context)
        }
        return { cipher: cipherResponse(cipher, address) }
      },
    })
  }
}
