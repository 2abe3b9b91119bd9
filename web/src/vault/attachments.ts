/** Files of items: encrypted and decrypted here, whole. */

import { announceAttachment, downloadAttachment, removeAttachment, uploadAttachment } from '../api/attachments.ts'
import type { Progress } from '../api/client.ts'
import type { Bytes } from '../crypto/bytes.ts'
import { type Attachment, decodeAttachment, decryptAttachment, encryptAttachment } from '../model/attachment.ts'
import type { Item } from '../model/item.ts'
import { Gone } from './errors.ts'
import { openItem, refresh } from './items.ts'
import type { Surroundings } from './surroundings.ts'

/** A file as a browser has it. */
export interface NamedFile {
  readonly name: string
  arrayBuffer(): Promise<ArrayBuffer>
}

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined
  /** Is told how many bytes have gone over the line, encrypted. */
  readonly onProgress?: Progress | undefined
}

export interface OneAttachment {
  readonly itemId: string
  readonly attachmentId: string
}

/** Those of an item, by name. */
export async function attachmentsOf({ owner }: Surroundings, item: Item): Promise<readonly Attachment[]> {
  const { userKey } = owner()
  return Promise.all(item.attachments.map((wire) => decodeAttachment(wire, item, userKey)))
}

/** Nobody sees the file before it is there as a whole. Where it fails, nothing of it stays. */
export async function upload(
  surroundings: Surroundings,
  { itemId, file }: { readonly itemId: string; readonly file: NamedFile },
  options: TransferOptions = {},
): Promise<void> {
  const { api, writes, owner } = surroundings
  const content: Bytes = new Uint8Array(await file.arrayBuffer())
  const item = await openItem(surroundings, itemId)
  const { request, file: bytes } = await encryptAttachment({ fileName: file.name, content }, item, owner().userKey)
  await writes.run([itemId], async () => {
    const { attachmentId } = await announceAttachment(api, itemId, request, { signal: options.signal })
    try {
      await uploadAttachment(api, { itemId, attachmentId }, { bytes, name: request.fileName }, options)
    } catch (error) {
      // It may have come all the same; but then the user was told that it did not.
      await removeAttachment(api, { itemId, attachmentId }).catch(() => {})
      throw error
    }
    await refresh(surroundings, itemId).catch(() => surroundings.fetchAfter([itemId]))
  })
}

/** The content of a file. Rejects with a `DecryptionError` for one that cannot be read, and with `Gone`. */
export async function download(
  surroundings: Surroundings,
  { itemId, attachmentId }: OneAttachment,
  options: TransferOptions = {},
): Promise<Bytes> {
  const item = await openItem(surroundings, itemId)
  const wire = item.attachments.find(({ id }) => id === attachmentId)
  if (wire === undefined) throw new Gone('There is no such attachment')
  const file = await downloadAttachment(surroundings.api, { itemId, attachmentId }, options)
  return decryptAttachment({ wire, file }, item, surroundings.owner().userKey)
}

export async function removeOne({ api, holdings, writes }: Surroundings, one: OneAttachment): Promise<void> {
  await writes.run([one.itemId], async () => {
    const askedAt = holdings.item.mark()
    await holdings.item.put([await removeAttachment(api, one)], askedAt)
  })
}
