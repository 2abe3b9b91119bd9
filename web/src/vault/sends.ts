import { isObject, type JsonObject, textOrNull } from '../api/json.ts'
import {
  announceFileSend,
  createSend,
  deleteSend,
  putSend,
  removeSendPassword as removePassword,
  uploadSendFile,
} from '../api/sends.ts'
import type { Bytes } from '../crypto/bytes.ts'
import { DamagedError } from '../model/reader.ts'
import { encodeSend, type Send, type SendDraft } from '../model/send.ts'
import { sendKeyOf } from '../model/send-key.ts'
import type { NamedFile, TransferOptions } from './attachments.ts'
import { isNotThere, type Surroundings } from './surroundings.ts'
import { NEW } from './writes.ts'

export interface SaveSendOptions extends TransferOptions {
  /** A new one; without it, that which the Send has stays. */
  readonly password?: string | undefined
  /** Of a new Send of a file. */
  readonly file?: NamedFile | undefined
}

/**
 * Creates a Send that has no id, and changes one that has, except for its file. Resolves with its id. Rejects with a
 * `DamagedError` when something of it could not be read.
 */
export async function saveSend(
  surroundings: Surroundings,
  send: SendDraft | Send,
  { password, file, ...transfer }: SaveSendOptions = {},
): Promise<string> {
  const { api, holdings, writes, owner } = surroundings
  const { userKey } = owner()
  const options = password === undefined ? {} : { password }
  const id = 'id' in send ? send.id : null
  if (id === null && send.type === 'file') return createFileSend(surroundings, send, { file, options, transfer })
  const body = await encodeSend(send, userKey, options)
  return writes.run([id ?? NEW.send], async () => {
    const askedAt = holdings.send.mark()
    const wire = await (id === null ? createSend(api, body) : putSend(api, id, body))
    await holdings.send.put([wire], askedAt)
    return String(wire.id)
  })
}

interface FileOptions {
  readonly file: NamedFile | undefined
  readonly options: { readonly password?: string }
  readonly transfer: TransferOptions
}

async function createFileSend(
  { api, holdings, writes, owner }: Surroundings,
  send: SendDraft & { readonly type: 'file' },
  { file, options, transfer }: FileOptions,
): Promise<string> {
  if (file === undefined) throw new TypeError('The Send has no file')
  if (send.secret === null) throw new DamagedError('The Send has no key')
  const content: Bytes = new Uint8Array(await file.arrayBuffer())
  const bytes = await (await sendKeyOf(send.secret)).encryptFile(content)
  const body = await encodeSend({ ...send, fileName: file.name, size: bytes.length }, owner().userKey, options)
  return writes.run([NEW.send], async () => {
    const askedAt = holdings.send.mark()
    const { fileId, send: wire } = await announceFileSend(api, body, { signal: transfer.signal })
    const sendId = String(wire.id)
    try {
      await uploadSendFile(api, { sendId, fileId }, { bytes, name: encryptedNameIn(body) }, transfer)
    } catch (error) {
      // One without its file is nothing that anybody could read.
      await deleteSend(api, sendId).catch(() => {})
      throw error
    }
    await holdings.send.put([wire], askedAt)
    return sendId
  })
}

/** The form has it, too: not in the clear. */
function encryptedNameIn({ file }: JsonObject): string {
  return (isObject(file) && textOrNull(file.fileName)) || 'file'
}

export async function removeSend({ api, holdings, writes }: Surroundings, id: string): Promise<void> {
  await writes.run([id], async () => {
    await deleteSend(api, id).catch((error: unknown) => {
      // Another device was faster, or its time was up.
      if (!isNotThere(error)) throw error
    })
    holdings.send.remove(id)
  })
}

/** Whoever has its link can read it then. */
export async function removeSendPassword({ api, holdings, writes }: Surroundings, id: string): Promise<void> {
  await writes.run([id], async () => {
    const askedAt = holdings.send.mark()
    await holdings.send.put([await removePassword(api, id)], askedAt)
  })
}
