/** Files of items: a key of its own for each, protected by the item's key. Spec: vault §2.9; §4.2, step 10 */
import type { Bytes } from '../crypto/bytes.ts'
import { SymmetricKey } from '../crypto/symmetric-key.ts'
import type { AttachmentOnWire, Item } from './item.ts'
import { keyOf } from './item-codec.ts'
import { Reader } from './reader.ts'

export interface Attachment {
  readonly id: string
  /** Empty when it is damaged. */
  readonly fileName: string
  /** Bytes, as they are stored: encrypted. */
  readonly size: number
  /** Its name cannot be decrypted. */
  readonly isDamaged: boolean
}

/** The item that it is of, or the one that it will be of. */
type Owner = Pick<Item, 'key'>

/** Never rejects for what is in it. */
export async function decodeAttachment(
  wire: AttachmentOnWire,
  item: Owner,
  userKey: SymmetricKey,
): Promise<Attachment> {
  const reader = await Reader.of(userKey, item.key)
  const fileName = (await reader.text(wire.fileName, 'fileName')) ?? ''
  return { id: wire.id, fileName, size: Number(wire.size), isDamaged: reader.damaged.length > 0 }
}

export interface EncryptedAttachment {
  /** What announces it. */
  readonly request: { readonly key: string; readonly fileName: string; readonly fileSize: number }
  /** What is uploaded then. */
  readonly file: Bytes
}

/** Rejects with a `DecryptionError` when the item's own key cannot be read. */
export async function encryptAttachment(
  { fileName, content }: { readonly fileName: string; readonly content: Bytes },
  item: Owner,
  userKey: SymmetricKey,
): Promise<EncryptedAttachment> {
  const itemKey = await keyOf(item, userKey)
  const key = SymmetricKey.random()
  const file = await key.encryptFile(content)
  const request = {
    key: await itemKey.wrap(key),
    fileName: await itemKey.encrypt(fileName),
    fileSize: file.length,
  }
  return { request, file }
}

/** The content of what was downloaded. Rejects with a `DecryptionError`. */
export async function decryptAttachment(
  { wire, file }: { readonly wire: AttachmentOnWire; readonly file: Bytes },
  item: Owner,
  userKey: SymmetricKey,
): Promise<Bytes> {
  // Those of before 2018 have no key: the user key itself encrypted them.
  if (wire.key === null) return userKey.decryptFile(file)
  const key = await (await keyOf(item, userKey)).unwrap(wire.key)
  return key.decryptFile(file)
}
