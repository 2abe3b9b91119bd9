import type { Send } from '#store'
import { formatDate, formatOptionalDate } from '../wire.ts'
import { dataResponse } from './stored-data.ts'

const PASSWORD = 1
const NONE = 2

/** A Send as its owner's clients get it. */
export function sendResponse(send: Send) {
  return {
    id: send.id,
    accessId: accessIdOf(send.id),
    type: send.type,
    name: send.name,
    notes: send.notes,
    ...dataResponse(send),
    key: send.key,
    maxAccessCount: send.maxAccessCount,
    accessCount: send.accessCount,
    // Clients only look whether there is one.
    password: send.passwordHash?.toString('base64url') ?? null,
    authType: send.passwordHash === null ? NONE : PASSWORD,
    disabled: send.disabled,
    hideEmail: send.hideEmail ?? false,
    revisionDate: formatDate(send.revisionDate),
    expirationDate: formatOptionalDate(send.expirationDate),
    deletionDate: formatDate(send.deletionDate),
    object: 'send',
  }
}

/** The same as whoever has its link gets it; `creator` is the owner's e-mail address, or null when that is hidden. */
export function sendAccessResponse(send: Send, creator: string | null) {
  return {
    id: send.id,
    type: send.type,
    name: send.name,
    ...dataResponse(send),
    expirationDate: formatOptionalDate(send.expirationDate),
    creatorIdentifier: creator,
    object: 'send-access',
  }
}

/** A Send's name in links: the 16 bytes of its id as base64url. */
function accessIdOf(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')
}

/** The id of the Send that is meant; undefined for a text that means none. */
export function idOfAccessId(accessId: string): string | undefined {
  if (!/^[\w-]{22}$/.test(accessId)) return undefined
  const hex = Buffer.from(accessId, 'base64url').toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
