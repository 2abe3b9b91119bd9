import type { CipherView, Store } from '#store'
import { badRequest } from '../errors.ts'
import { orNull } from '../schema.ts'
import type { CipherRequest } from './request.ts'

/**
 * Gives attachments of `cipher`, as it was, the names and keys of the request. Those that are not the item's are passed
 * over: another device may have deleted them, and a clone names those of its original. Throws an ApiError when a file could
 * not be opened any more: its key is encrypted with the item's own key, or with the user's when the item has none.
 */
export async function renameAttachments(
  store: Store,
  cipher: CipherView,
  { attachments2, key }: Pick<CipherRequest, 'attachments2'> & { readonly key: string | null },
): Promise<void> {
  const names = new Map(Object.entries(attachments2 ?? {}))
  const isOtherKey = (cipher.key === null) !== (key === null)
  if (isOtherKey && cipher.attachments.some(({ id }) => !names.has(id))) {
    throw badRequest('The keys of the attachments are missing, without which their files would be lost', 'attachments2')
  }
  const renamed = cipher.attachments.map((attachment) => {
    const { fileName = attachment.fileName, key } = names.get(attachment.id) ?? attachment
    // An old file without a key is encrypted with the user's, and clients leave the key out.
    if (attachment.key !== null && orNull(key) === null) {
      throw badRequest('The key of the attachment is missing', `attachments2.${attachment.id}.key`)
    }
    return { ...attachment, fileName, key: orNull(key) }
  })
  for (const attachment of renamed) if (names.has(attachment.id)) await store.attachments.update(attachment)
  cipher.attachments = renamed
}
