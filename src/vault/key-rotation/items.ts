import type { Attachment, CipherView, Store } from '#store'
import { type CipherContent, checkFresh, parseContent } from '../ciphers/index.ts'
import { nextRevision, type VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { inTurns } from '../in-turns.ts'
import { orNull } from '../schema.ts'
import { byId, type Noun, pair } from './pair.ts'
import type { RotatedCipher } from './request.ts'

const CIPHERS: Noun = { one: 'Cipher', all: 'ciphers' }

interface RotatedItem {
  readonly sent: RotatedCipher
  readonly content: CipherContent
}

/** What is to be stored of each of the user's own items, by id; those of organizations have keys of their own. */
export async function readItems(
  { settings }: VaultContext,
  ciphers: readonly RotatedCipher[],
): Promise<ReadonlyMap<string, RotatedItem>> {
  const items: RotatedItem[] = []
  for await (const lot of inTurns(ciphers.filter(({ organizationId }) => orNull(organizationId) === null))) {
    // Whom they were encrypted for is not looked at: official clients name nobody.
    for (const sent of lot) items.push({ sent, content: parseContent(sent, settings.maxNoteCharacters) })
  }
  return byId(CIPHERS, items, ({ sent }) => sent.id)
}

/** Writes what is encrypted with the user key. Folder, favourite, archive and trash stay as they are. */
export async function rotateItems(
  { clock }: VaultContext,
  store: Store,
  userId: string,
  items: ReadonlyMap<string, RotatedItem>,
): Promise<void> {
  const pairs = pair(CIPHERS, await store.ciphers.ownOf(userId), ({ id }) => id, items)
  for await (const lot of inTurns(pairs)) {
    const changed: CipherView[] = []
    for (const [cipher, { sent, content }] of lot) {
      if (cipher.type !== sent.type) throw badRequest('Invalid type', 'type')
      // Another device may just have changed it: its change would be lost.
      checkFresh(cipher, sent.lastKnownRevisionDate)
      for (const attachment of rotatedAttachments(cipher, sent, content)) await store.attachments.update(attachment)
      changed.push({ ...cipher, ...content, updatedAt: nextRevision(cipher.updatedAt, clock) })
    }
    await store.ciphers.updateAll(changed)
  }
}

/**
 * The files whose keys were made anew. Throws an ApiError unless that is all of them, where they are encrypted with the
 * user key: the item has no key of its own, or has just got one.
 */
function rotatedAttachments(
  { key, attachments }: CipherView,
  { attachments2 }: RotatedCipher,
  content: CipherContent,
): Attachment[] {
  const stayAsTheyAre = key !== null && content.key !== null
  return attachments.flatMap((attachment) => {
    const sent = attachments2?.[attachment.id]
    if (sent !== undefined) return [{ ...attachment, ...sent }]
    if (stayAsTheyAre) return []
    throw badRequest('All existing attachments must be included in the rotation')
  })
}
