import { isObject, type JsonObject, numberOrNull, textOrNull } from '../api/json.ts'
import type { Bytes } from '../crypto/bytes.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import { DecryptionError } from '../crypto/symmetric-key.ts'
import { DamagedError, encryptOrNull, Reader } from './reader.ts'
import { newSendSecret, sendKeyOf, sendPasswordHash } from './send-key.ts'

export type SendContent =
  | {
      readonly type: 'text'
      readonly text: string | null
      /** Whether it is shown only when asked for. */
      readonly isHidden: boolean
    }
  | {
      readonly type: 'file'
      readonly fileName: string
      /** Null until the server has it. */
      readonly fileId: string | null
      /** Bytes, as they are stored: encrypted. */
      readonly size: number
    }

/** What its owner says of it. Dates are ISO 8601. */
export type SendDraft = SendContent & {
  readonly name: string
  readonly notes: string | null
  /** How often it may be opened; null for any number. */
  readonly maxAccessCount: number | null
  readonly expirationDate: string | null
  /** At most 31 days ahead. */
  readonly deletionDate: string
  readonly isDisabled: boolean
  readonly hidesEmail: boolean
  /** What the link carries, and all is encrypted with: never changed. Null when it cannot be read. */
  readonly secret: Bytes | null
}

/** A Send of one's own, as the server has it. */
export type Send = SendDraft & {
  readonly id: string
  /** Its name in links. */
  readonly accessId: string
  readonly accessCount: number
  readonly hasPassword: boolean
  readonly revisionDate: string
  /** Where something stands that cannot be decrypted. Unless it is empty, the Send cannot be written. */
  readonly damaged: readonly string[]
}

const TEXT = 0
const FILE = 1

/** A draft of a Send that the server does not have yet. */
export function newSend(name: string, content: SendContent, deletionDate: Date): SendDraft {
  return {
    ...content,
    ...{ name, notes: null, maxAccessCount: null, expirationDate: null, deletionDate: deletionDate.toISOString() },
    ...{ isDisabled: false, hidesEmail: false, secret: newSendSecret() },
  }
}

/** A Send as the server answers it to its owner. Never rejects for what is in it: see `Send.damaged`. */
export async function decodeSend(wire: JsonObject, userKey: SymmetricKey): Promise<Send> {
  const secret = await secretOf(wire, userKey)
  const reader = secret === null ? Reader.withoutKey() : await Reader.of(await sendKeyOf(secret))
  const [name, notes, content] = await Promise.all([
    reader.text(wire.name, 'name'),
    reader.text(wire.notes, 'notes'),
    decodeContent(wire, reader),
  ])
  return {
    ...content,
    ...{ id: String(wire.id), accessId: String(wire.accessId), name: name ?? '', notes, secret },
    maxAccessCount: numberOrNull(wire.maxAccessCount),
    accessCount: numberOrNull(wire.accessCount) ?? 0,
    hasPassword: textOrNull(wire.password) !== null,
    isDisabled: wire.disabled === true,
    hidesEmail: wire.hideEmail === true,
    revisionDate: String(wire.revisionDate),
    expirationDate: textOrNull(wire.expirationDate),
    deletionDate: String(wire.deletionDate),
    damaged: reader.damaged,
  }
}

/** What somebody sees who has the link. */
export type ReceivedSend = SendContent & {
  readonly name: string
  /** The owner's address, unless that is hidden. */
  readonly creator: string | null
  readonly expirationDate: string | null
  /** Somewhere it cannot be decrypted: the link is not whole, or what is stored is not. */
  readonly isDamaged: boolean
}

/** A Send as the server answers it to whoever has its link. */
export async function decodeReceivedSend(wire: JsonObject, secret: Bytes): Promise<ReceivedSend> {
  const reader = await Reader.of(await sendKeyOf(secret))
  const [name, content] = await Promise.all([reader.text(wire.name, 'name'), decodeContent(wire, reader)])
  return {
    ...content,
    name: name ?? '',
    creator: textOrNull(wire.creatorIdentifier),
    expirationDate: textOrNull(wire.expirationDate),
    isDamaged: reader.damaged.length > 0,
  }
}

export interface EncodeSendOptions {
  /** A new one; without it, that which it has stays. */
  readonly password?: string
}

/**
 * What creates a Send or changes it. A file's `size` is that of `encryptFile`'s result, with the key of `sendKeyOf`.
 * Rejects with a `DamagedError` when something of it could not be read. Spec: vault §2.10
 */
export async function encodeSend(
  send: SendDraft & Partial<Pick<Send, 'damaged'>>,
  userKey: SymmetricKey,
  { password }: EncodeSendOptions = {},
): Promise<JsonObject> {
  const { secret, damaged = [] } = send
  if (secret === null || damaged.length > 0) {
    throw new DamagedError(`Parts of the Send cannot be read: ${damaged.join(', ')}`)
  }
  const key = await sendKeyOf(secret)
  return {
    ...(await encodeContent(send, key)),
    name: await key.encrypt(send.name),
    notes: await encryptOrNull(send.notes, key),
    key: await userKey.encrypt(secret),
    password: password === undefined ? null : await sendPasswordHash(password, secret),
    emails: null,
    ...{ maxAccessCount: send.maxAccessCount, expirationDate: send.expirationDate, deletionDate: send.deletionDate },
    ...{ disabled: send.isDisabled, hideEmail: send.hidesEmail },
  }
}

async function secretOf(wire: JsonObject, userKey: SymmetricKey): Promise<Bytes | null> {
  try {
    return await userKey.decryptBytes(String(wire.key))
  } catch (error) {
    if (error instanceof DecryptionError) return null
    throw error
  }
}

async function decodeContent(wire: JsonObject, reader: Reader): Promise<SendContent> {
  if (wire.type === FILE) {
    const file = isObject(wire.file) ? wire.file : {}
    const fileName = (await reader.text(file.fileName, 'file.fileName')) ?? ''
    return { type: 'file', fileName, fileId: textOrNull(file.id), size: Number(file.size) }
  }
  const part = isObject(wire.text) ? wire.text : {}
  return { type: 'text', text: await reader.text(part.text, 'text.text'), isHidden: part.hidden === true }
}

async function encodeContent(content: SendContent, key: SymmetricKey): Promise<JsonObject> {
  if (content.type === 'text') {
    const text = { text: await encryptOrNull(content.text, key), hidden: content.isHidden }
    return { type: TEXT, text, file: null }
  }
  const file = { fileName: await key.encrypt(content.fileName) }
  return { type: FILE, text: null, file, fileLength: content.size }
}
