import Type, { type Static } from 'typebox'
import type { Session } from '#auth'
import type { Cipher } from '#store'
import { badRequest } from '../errors.ts'
import { EncString, isObject, type JsonObject, Maybe, orNull } from '../schema.ts'
import { parseDate } from '../wire.ts'
import { Card, Fields, Identity, Login, PasswordHistory, SecureNote, SshKey } from './part-schemas.ts'
import { MAX_DEPTH } from './stored-json.ts'
import { isStoredType, TYPE_PARTS } from './type-parts.ts'

/** More than an item ever has. */
const MOST_ATTACHMENTS = 1000

/** By the ids of attachments: how they are called and encrypted from now on. Those of before 2018 have no key. */
const Attachments2 = Type.Optional(
  Type.Unsafe<Record<string, { fileName: string; key?: string | null }> | null>({
    type: ['object', 'null'],
    maxProperties: MOST_ATTACHMENTS,
    additionalProperties: Type.Object({ fileName: EncString, key: Maybe.encString() }),
  }),
)

/** An item as clients send it, whole. What is not named here is ignored. */
export const CipherRequest = Type.Object({
  type: Type.Integer(),
  name: EncString,
  folderId: Maybe.text(),
  organizationId: Maybe.text(),
  key: Maybe.encString(),
  notes: Maybe.encString(),
  favorite: Maybe.boolean(),
  reprompt: Maybe.integer(),
  fields: Fields,
  passwordHistory: PasswordHistory,
  login: Login,
  secureNote: SecureNote,
  card: Card,
  identity: Identity,
  sshKey: SshKey,
  lastKnownRevisionDate: Maybe.text(),
  attachments2: Attachments2,
  archivedDate: Maybe.text(),
  encryptedFor: Maybe.text(),
  encryptedByKeyId: Maybe.text(),
})
export type CipherRequest = Static<typeof CipherRequest>

export type CipherContent = Pick<Cipher, 'name' | 'notes' | 'fields' | 'data' | 'passwordHistory' | 'key' | 'reprompt'>

/**
 * What is stored of an item. Throws an ApiError when it is of a type that cannot be stored or lacks that type's part,
 * when its note is too long or something in it nested too deep, or when it belongs to an organization.
 */
export function parseContent(body: CipherRequest, maxNoteCharacters: number): CipherContent {
  if (!isStoredType(body.type)) throw badRequest('Invalid type', 'type')
  if (orNull(body.organizationId) !== null) {
    throw badRequest("You don't have permission to add item to organization", 'organizationId')
  }
  if (body.notes != null && body.notes.length > maxNoteCharacters) {
    const message = `The field Notes exceeds the maximum encrypted value length of ${maxNoteCharacters} characters.`
    throw badRequest(message, 'Notes')
  }
  const partName = TYPE_PARTS[body.type]
  const part = body[partName]
  if (!part) throw badRequest(`${partName} is required for an item of type ${body.type}`, partName)
  for (const name of [partName, 'fields', 'passwordHistory'] as const) checkDepth(body, name)
  const data = withoutResponse(part)
  if (Array.isArray(data.uris)) data.uris = data.uris.map((uri) => (isObject(uri) ? withoutResponse(uri) : uri))
  return {
    name: body.name,
    notes: body.notes ?? null,
    fields: storedList(body.fields),
    data: JSON.stringify(data),
    passwordHistory: storedList(body.passwordHistory),
    key: orNull(body.key),
    reprompt: body.reprompt === 0 || body.reprompt === 1 ? body.reprompt : null,
  }
}

/** Throws an ApiError when the client encrypted for somebody else, or with a key that is not the user's any more. */
export function checkEncryptedFor(body: CipherRequest, session: Session, userKeyId: string | undefined): void {
  if (body.encryptedFor != null && body.encryptedFor.toLowerCase() !== session.user.id) {
    throw badRequest('The item was encrypted for another account. Sync and try again.', 'encryptedFor')
  }
  const keyId = body.encryptedByKeyId?.toLowerCase()
  if (keyId !== undefined && userKeyId !== undefined && keyId !== userKeyId) {
    throw badRequest('The item was encrypted with another user key. Log in again.', 'encryptedByKeyId')
  }
}

/** When the item was archived; undefined where the client does not say that it was. Throws an ApiError for no date. */
export function archivedAtOf({ archivedDate }: { readonly archivedDate?: string | null }): Date | undefined {
  if (archivedDate == null) return undefined
  const archivedAt = parseDate(archivedDate)
  if (!archivedAt) throw badRequest('archivedDate is not a date with a time and a zone', 'archivedDate')
  return archivedAt
}

const storedList = (items: JsonObject[] | null | undefined): string | null =>
  items == null ? null : JSON.stringify(items.map(withoutResponse))

/** JavaScript clients leave a key `response` behind from whatever they built the object of. */
function withoutResponse({ response: _, ...rest }: JsonObject): JsonObject {
  return rest
}

/** Writing it as JSON could exhaust the stack. */
function checkDepth(body: CipherRequest, name: keyof CipherRequest): void {
  if (isDeeper(body[name], MAX_DEPTH)) throw badRequest(`${name} is nested deeper than ${MAX_DEPTH} levels`, name)
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)))
