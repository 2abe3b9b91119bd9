import type { Session } from '#auth'
import { attachmentResponse, ownCipher } from '../ciphers/index.ts'
import type { VaultContext } from '../context.ts'
import { ID, type VaultApp } from '../schema.ts'
import { DIRECT, uploadUrl } from './announce.ts'
import { ATTACHMENT_ID, AttachmentParams, noSuchAttachment } from './attachment-store.ts'

/** Where a file can be had, or be brought to. */
export function registerReading(scope: VaultApp, { store, tickets }: VaultContext): void {
  const schema = { params: AttachmentParams }
  const url = `/ciphers/${ID}/attachment/${ATTACHMENT_ID}`

  const find = async (session: Session, { id, attachmentId }: { id: string; attachmentId: string }) => {
    const cipher = await ownCipher(store, session.user.id, id)
    return { cipher, attachment: cipher.attachments.find((one) => one.id === attachmentId.toLowerCase()) }
  }

  scope.get(url, { schema }, async ({ session, params, address }) => {
    const { attachment } = await find(session, params)
    if (attachment === undefined) throw noSuchAttachment()
    const ticket = await tickets.issue('file_download', { sub: attachment.cipherId, file_id: attachment.id })
    return attachmentResponse(attachment, address, ticket)
  })

  // Of a file that is still to come. Clients ask when an upload takes so long that its address may be good no more.
  scope.get(`${url}/renew`, { schema }, async ({ session, params }) => {
    const { cipher } = await find(session, params)
    const announced = await store.attachments.findAnnounced(params.attachmentId.toLowerCase())
    if (announced?.cipherId !== cipher.id || announced.userId !== session.user.id) throw noSuchAttachment()
    return {
      object: 'attachment-fileUpload',
      attachmentId: announced.id,
      url: uploadUrl(cipher.id, announced.id),
      fileUploadType: DIRECT,
      cipherResponse: null,
      cipherMiniResponse: null,
    }
  })
}
