/** Files of items: announced, then uploaded. Spec: vault §2.9 */

import type { Bytes } from '../crypto/bytes.ts'
import { objectIn } from './answer.ts'
import type { Api, Options, Progress } from './client.ts'
import { Unreachable } from './errors.ts'
import { isObject, type JsonObject, textOrNull } from './json.ts'

/** What the server takes, and the little that encryption adds. */
const MAX_FILE_BYTES = 525_000_000

export interface NewAttachment {
  /** The file's key, wrapped. */
  readonly key: string
  /** An EncString. */
  readonly fileName: string
  /** Bytes, encrypted. */
  readonly fileSize: number
  readonly lastKnownRevisionDate?: string | null
}

export interface Announced {
  readonly attachmentId: string
  /** The item as it is when the file has come. */
  readonly item: JsonObject
}

/** Announces a file of an item; nobody sees it before it is uploaded. */
export async function announceAttachment(
  api: Api,
  itemId: string,
  attachment: NewAttachment,
  { signal }: Options = {},
): Promise<Announced> {
  const url = `api/ciphers/${encodeURIComponent(itemId)}/attachment/v2`
  const answer = objectIn(await api.request('POST', url, { body: attachment, signal }))
  const attachmentId = textOrNull(answer.attachmentId)
  if (attachmentId === null || !isObject(answer.cipherResponse)) throw new Unreachable('The server announces no file')
  return { attachmentId, item: answer.cipherResponse }
}

export interface FileOfItem {
  readonly itemId: string
  readonly attachmentId: string
}

/**
 * The file that was announced, encrypted. Where it fails, the announcement is to be withdrawn with `removeAttachment`.
 * `name`: of the part, which the server does not look at; the encrypted one.
 */
export async function uploadAttachment(
  api: Api,
  file: FileOfItem,
  { bytes, name }: { bytes: Bytes; name: string },
  options: Options & { onProgress?: Progress | undefined } = {},
): Promise<void> {
  const form = new FormData()
  form.append('data', new Blob([bytes]), name)
  await api.upload(urlOf(file), form, options)
}

/** The file, encrypted. */
export async function downloadAttachment(
  api: Api,
  file: FileOfItem,
  { signal, onProgress }: Options & { onProgress?: Progress | undefined } = {},
): Promise<Bytes> {
  const { url } = objectIn(await api.request('GET', urlOf(file), { signal }))
  return api.download(textOrNull(url) ?? '', { maxBytes: MAX_FILE_BYTES, signal, onProgress })
}

/** Takes it off its item, or withdraws what was only announced. Returns the item as it is now. */
export async function removeAttachment(api: Api, file: FileOfItem, { signal }: Options = {}): Promise<JsonObject> {
  const answer = objectIn(await api.request('DELETE', urlOf(file), { signal }))
  return objectIn(answer.cipher ?? answer.Cipher)
}

const urlOf = ({ itemId, attachmentId }: FileOfItem) =>
  `api/ciphers/${encodeURIComponent(itemId)}/attachment/${encodeURIComponent(attachmentId)}`
