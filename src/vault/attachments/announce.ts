import Type, { type Static } from 'typebox'
import { checkFresh, cipherResponse, ownCipher } from '../ciphers/index.ts'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { MAX_UPLOAD_BYTES } from '../files/multipart.ts'
import { EncString, ID, IdParams, Maybe, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { newAnnouncement, requireRoom, withAttachment } from './attachment-store.ts'

const AnnounceRequest = Type.Object({
  key: EncString,
  fileName: EncString,
  /** Bytes. Some clients send a text. */
  fileSize: Type.Unsafe<number | string>({ type: ['integer', 'string'] }),
  /** For items of organizations. */
  adminRequest: Maybe.boolean(),
  lastKnownRevisionDate: Maybe.text(),
})

/**
 * `POST /ciphers/<id>/attachment/v2`: what will be uploaded next, and where (spec/vault.md §2.9). Nobody else sees it
 * before it is there, but the client gets the item as it will be then, with the date it will have, and keeps that.
 */
export function registerAnnouncing(scope: VaultApp, context: VaultContext): void {
  scope.post(
    `/ciphers/${ID}/attachment/v2`,
    { schema: { params: IdParams, body: AnnounceRequest } },
    async ({ session, params, body, address }) => {
      const userId = session.user.id
      const size = sizeOf(body)
      const { id, item } = await inSession(context, session, async (store) => {
        const cipher = await ownCipher(store, userId, params.id)
        checkFresh(cipher, body.lastKnownRevisionDate)
        await requireRoom(store, context, cipher, { userId, bytes: size })
        const announced = newAnnouncement(context, cipher, userId, { fileName: body.fileName, key: body.key, size })
        await store.attachments.announce(announced)
        const item = { ...withAttachment(cipher, announced), updatedAt: announced.revisionDate }
        return { id: announced.id, item }
      })
      return {
        object: 'attachment-fileUpload',
        attachmentId: id,
        url: uploadUrl(item.id, id),
        fileUploadType: DIRECT,
        [body.adminRequest ? 'cipherMiniResponse' : 'cipherResponse']: cipherResponse(item, address),
      }
    },
  )
}

/** Uploads go to this server, and to no storage of somebody else's. */
export const DIRECT = 0

/** As clients want it: what follows `/api`. */
export const uploadUrl = (cipherId: string, id: string) => `/ciphers/${cipherId}/attachment/${id}`

function sizeOf({ fileSize }: Static<typeof AnnounceRequest>): number {
  const size = typeof fileSize === 'string' && !/^\d{1,15}$/.test(fileSize) ? Number.NaN : Number(fileSize)
  if (!(size >= 0)) throw badRequest('fileSize is not a number of bytes', 'fileSize')
  if (size > MAX_UPLOAD_BYTES) throw badRequest(`A file has ${MAX_UPLOAD_BYTES} bytes at most`, 'fileSize')
  return size
}
