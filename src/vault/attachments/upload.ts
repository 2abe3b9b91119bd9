import type { FastifyRequest } from 'fastify'
import { type AnnouncedAttachment, type Attachment, type CipherView, FileTooLargeError, type Store } from '#store'
import { announce, cipherResponse, ownCipher } from '../ciphers/index.ts'
import { nextRevision, type VaultContext } from '../context.ts'
import { ApiError, badRequest } from '../errors.ts'
import { MAX_UPLOAD_BYTES, type Received, receiveFile } from '../files/multipart.ts'
import { ID, IdParams, isEncString, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import {
  ATTACHMENT_ID,
  AttachmentParams,
  newAnnouncement,
  noSuchAttachment,
  requireQuota,
  requireRoom,
  withAttachment,
} from './attachment-store.ts'

/** How far a file may be from the size that was announced; bytes. As at Bitwarden's own server. */
const LEEWAY = 1024 * 1024

/** About what the form takes around a file, at least. */
const FORM_BYTES = 512

/** The bytes of a file: to what was announced before, or in one step as old clients do it. */
export function registerUploads(scope: VaultApp, context: VaultContext): void {
  scope.post(
    `/ciphers/${ID}/attachment/${ATTACHMENT_ID}`,
    { schema: { params: AttachmentParams } },
    async (request, reply) => {
      const { session, params } = request
      const announced = await inSession(context, session, async (store) => {
        const found = await store.attachments.findAnnounced(params.attachmentId.toLowerCase())
        const { id } = await ownCipher(store, session.user.id, params.id)
        if (found?.cipherId !== id || found.userId !== session.user.id) throw noSuchAttachment()
        // Once: whoever comes second would write over the file of the first.
        if (!(await store.attachments.claimAnnounced(found.id))) throw badRequest('Attachment was already uploaded')
        return found
      })
      const bounds = { least: announced.size - LEEWAY, most: announced.size + LEEWAY }
      const cipher = await upload(request, context, { announced, bounds, describe: () => announced })
      announce(context, session, 'SyncCipherUpdate', cipher)
      return reply.send()
    },
  )

  scope.post(`/ciphers/${ID}/attachment`, { schema: { params: IdParams } }, async (request) => {
    const { session, params, address } = request
    const userId = session.user.id
    const announced = await inSession(context, session, async (store) => {
      const cipher = await ownCipher(store, userId, params.id)
      const size = await expectedSize(store, context, request)
      await requireRoom(store, context, cipher, { userId, bytes: size })
      const announced = newAnnouncement(context, cipher, userId, { fileName: '', key: null, size })
      await store.attachments.announce(announced)
      await store.attachments.claimAnnounced(announced.id)
      return announced
    })
    // No more than is announced goes to the disk, however many forms come at once.
    const bounds = { least: 0, most: announced.size + FORM_BYTES }
    const cipher = await upload(request, context, { announced, bounds, describe: describeForm, withdraws: true })
    announce(context, session, 'SyncCipherUpdate', cipher)
    return cipherResponse(cipher, address)
  })
}

interface Upload {
  /** Claimed, so that nobody else uploads it. */
  readonly announced: AnnouncedAttachment
  /** Sizes that are right; bytes. */
  readonly bounds: { readonly least: number; readonly most: number }
  readonly describe: (received: Received<number>) => Pick<Attachment, 'fileName' | 'key'>
  /** Whether the announcement goes when this fails, since its client knows of none. Default: the client withdraws it. */
  readonly withdraws?: boolean
}

/**
 * Writes the file, then its row in place of the announcement. Where that fails for certain, the file is gone again. What a
 * crash leaves stands in the announcement, and goes with it.
 */
async function upload(
  request: FastifyRequest,
  context: VaultContext,
  { announced, bounds, describe, withdraws = false }: Upload,
): Promise<CipherView> {
  const { files, store, clock } = context
  const place = { owner: announced.cipherId, id: announced.id }
  let isReceived = false
  try {
    const save = (bytes: AsyncIterable<Uint8Array>) => files.attachments.write(place, bytes, { maxBytes: bounds.most })
    const received = await receiveFile(request, clock, save).catch((error: unknown) => {
      throw error instanceof FileTooLargeError ? wrongSize(bounds) : error
    })
    const size = received.saved
    if (size < bounds.least) throw wrongSize(bounds)
    const { fileName, key } = describe(received)
    isReceived = true
    return await hang(request, context, announced, {
      id: announced.id,
      cipherId: announced.cipherId,
      fileName,
      key,
      size,
    })
  } catch (error) {
    // Any other error at the end may be one of a commit that has happened all the same.
    if (!isReceived || error instanceof ApiError) {
      await files.attachments.delete(place)
      if (withdraws) await store.attachments.takeAnnounced(announced.id)
    }
    throw error
  }
}

/** Makes what was announced an attachment of its item. */
function hang(
  { session }: FastifyRequest,
  context: VaultContext,
  announced: AnnouncedAttachment,
  attachment: Attachment,
): Promise<CipherView> {
  const { clock, settings } = context
  const userId = session.user.id
  return inSession(context, session, async (store) => {
    const cipher = await ownCipher(store, userId, attachment.cipherId)
    if (!(await store.attachments.takeAnnounced(attachment.id))) throw noSuchAttachment()
    await requireQuota(store.attachments, settings.attachments.maxBytesPerUser, { userId, bytes: attachment.size })
    await store.attachments.insert(attachment)
    const changed = withAttachment(cipher, attachment)
    // The date that the client was told, so that its next change is not one to an old copy.
    const isLater = announced.revisionDate > cipher.updatedAt
    changed.updatedAt = isLater ? announced.revisionDate : nextRevision(cipher.updatedAt, clock)
    await store.ciphers.update(changed)
    await store.users.touch(userId, new Date(clock.now()))
    return changed
  })
}

/** What is announced for a client that does not say it: what its body can hold, or all that it may still have. */
async function expectedSize({ attachments }: Store, { settings }: VaultContext, request: FastifyRequest) {
  const { 'content-length': length } = request.headers
  if (length !== undefined) return Math.min(Math.max(0, Number(length) - FORM_BYTES), MAX_UPLOAD_BYTES)
  const { maxBytesPerUser = Number.POSITIVE_INFINITY } = settings.attachments
  return Math.max(0, Math.min(MAX_UPLOAD_BYTES, maxBytesPerUser - (await attachments.bytesOf(request.session.user.id))))
}

/** In old clients the name of the part is the encrypted name of the file. */
function describeForm({ fileName, fields }: Received<number>): Pick<Attachment, 'fileName' | 'key'> {
  const key = fields.get('key')
  if (!fileName) throw badRequest('No filename provided', 'data')
  if (!isEncString(fileName)) throw badRequest('The filename is not encrypted', 'data')
  if (!key) throw badRequest('No attachment key provided', 'key')
  if (!isEncString(key)) throw badRequest('The attachment key is not encrypted', 'key')
  return { fileName, key }
}

const wrongSize = ({ least, most }: Upload['bounds']) =>
  badRequest(`Attachment size mismatch (expected within [${least}, ${most}])`, 'data')
