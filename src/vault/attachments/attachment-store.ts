import { randomBytes } from 'node:crypto'
import Type from 'typebox'
import type { AnnouncedAttachment, Attachment, CipherView, Store } from '#store'
import { nextRevision, type VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'

/** Path parameter of an attachment: 10 bytes in hex. */
export const ATTACHMENT_ID = ':attachmentId(^[0-9a-fA-F]{20}$)'
export const AttachmentParams = Type.Object({ id: Type.String(), attachmentId: Type.String() })

/** More than anybody hangs on one item; each is named whenever the item is. */
const MOST_PER_ITEM = 250

/** Of one user. What is not uploaded is forgotten after a day. */
const MOST_ANNOUNCED = 100

/**
 * Throws an ApiError unless one more attachment of `bytes` fits: the user's quota counts what is announced, so two at once
 * cannot both have the last of it. Within the transaction that writes it.
 */
export async function requireRoom(
  { attachments }: Store,
  { settings }: VaultContext,
  cipher: CipherView,
  { userId, bytes }: { userId: string; bytes: number },
): Promise<void> {
  const { maxBytesPerUser } = settings.attachments
  if (maxBytesPerUser === 0) throw badRequest('Attachments are disabled')
  if ((await attachments.countOf(cipher.id)) >= MOST_PER_ITEM) {
    throw badRequest(`An item has ${MOST_PER_ITEM} attachments at most`)
  }
  if ((await attachments.countAnnounced(userId)) >= MOST_ANNOUNCED) {
    throw badRequest('Too many attachments were announced and not uploaded. Try again tomorrow.')
  }
  await requireQuota(attachments, maxBytesPerUser, { userId, bytes })
}

/** Throws an ApiError unless the user may have `bytes` more. */
export async function requireQuota(
  attachments: Store['attachments'],
  maxBytes: number | undefined,
  { userId, bytes }: { userId: string; bytes: number },
): Promise<void> {
  if (maxBytes !== undefined && (await attachments.bytesOf(userId)) + bytes > maxBytes) {
    throw badRequest('Attachment storage limit reached! Delete some attachments to free up space')
  }
}

/** An announcement of something that is to hang on `cipher`. */
export function newAnnouncement(
  { clock }: VaultContext,
  cipher: CipherView,
  userId: string,
  described: Pick<Attachment, 'fileName' | 'key' | 'size'>,
): AnnouncedAttachment {
  return {
    ...described,
    id: randomBytes(10).toString('hex'),
    cipherId: cipher.id,
    userId,
    announcedAt: new Date(clock.now()),
    revisionDate: nextRevision(cipher.updatedAt, clock),
  }
}

/** The item as it will be with that attachment, in the order in which they are read. */
export function withAttachment(cipher: CipherView, attachment: Attachment): CipherView {
  const { id, cipherId, fileName, size, key } = attachment
  const attachments = [...cipher.attachments, { id, cipherId, fileName, size, key }]
  return { ...cipher, attachments: attachments.toSorted((one, other) => (one.id < other.id ? -1 : 1)) }
}

export const noSuchAttachment = () => badRequest("Attachment doesn't exist")
