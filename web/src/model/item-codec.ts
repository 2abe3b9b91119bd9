import { type JsonObject, numberOrNull, objectsOf, textOrNull, without } from '../api/json.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import type { AttachmentOnWire, Field, Item, ItemState, PastPassword } from './item.ts'
import { decodePart, encodePart, typeNumber } from './item-parts.ts'
import { DamagedError, encryptOrNull, Reader } from './reader.ts'

/** An answer's members that are the server's to say, or that stand elsewhere in a request. */
const KNOWN = [
  ...['object', 'id', 'type', 'organizationId', 'folderId', 'key', 'name', 'notes', 'favorite', 'reprompt'],
  ...['creationDate', 'revisionDate', 'deletedDate', 'archivedDate', 'attachments', 'fields', 'passwordHistory'],
  ...['organizationUseTotp', 'collectionIds', 'edit', 'viewPassword', 'permissions', 'data'],
  ...['login', 'secureNote', 'card', 'identity', 'sshKey', 'bankAccount', 'driversLicense', 'passport'],
]
const FIELD_MEMBERS = ['name', 'value', 'type', 'linkedId']
const HISTORY_MEMBERS = ['password', 'lastUsedDate']
const HIDDEN = 1

/** An item as the server answers it. Never rejects for what is in it: see `Item.damaged`. */
export async function decodeItem(wire: JsonObject, userKey: SymmetricKey): Promise<Item> {
  const reader = await Reader.of(userKey, wire.key)
  const key = textOrNull(wire.key) || null
  const [name, notes, part, fields, passwordHistory] = await Promise.all([
    reader.text(wire.name, 'name'),
    reader.text(wire.notes, 'notes'),
    decodePart(wire, reader, key !== null),
    Promise.all(objectsOf(wire.fields).map((field, index) => decodeField(field, `fields[${index}]`, reader))),
    Promise.all(
      objectsOf(wire.passwordHistory).map((past, index) => decodePast(past, `passwordHistory[${index}]`, reader)),
    ),
  ])
  return {
    ...stateOf(wire),
    ...part,
    ...{ name: name ?? '', notes, fields, passwordHistory, key },
    attachments: objectsOf(wire.attachments).map(attachmentOf),
    rest: without(wire, KNOWN),
    damaged: reader.damaged,
  }
}

/** What of an item is not encrypted. */
export function stateOf(wire: JsonObject): ItemState {
  return {
    id: textOrNull(wire.id),
    folderId: textOrNull(wire.folderId),
    isFavorite: wire.favorite === true,
    asksPassword: wire.reprompt === 1,
    creationDate: textOrNull(wire.creationDate),
    revisionDate: textOrNull(wire.revisionDate),
    deletedDate: textOrNull(wire.deletedDate),
    archivedDate: textOrNull(wire.archivedDate),
  }
}

export interface EncodeOptions {
  /** Whose key it is: the server refuses what was encrypted for somebody else. */
  readonly userId?: string
}

/**
 * What creates an item or changes it: with the item's own key if it has one. Spec: vault §2.8
 * Rejects with a `DamagedError` when something of it could not be read.
 */
export async function encodeItem(
  item: Item,
  userKey: SymmetricKey,
  { userId }: EncodeOptions = {},
): Promise<JsonObject> {
  if (item.damaged.length > 0) throw new DamagedError(`Parts of the item cannot be read: ${item.damaged.join(', ')}`)
  if (item.type === 'unknown') throw new DamagedError('Items of this type cannot be written')
  const key = await keyOf(item, userKey)
  return {
    ...item.rest,
    ...{ type: typeNumber(item.type), key: item.key, organizationId: null },
    ...{ folderId: item.folderId, favorite: item.isFavorite, reprompt: item.asksPassword ? 1 : 0 },
    name: await key.encrypt(item.name),
    notes: await encryptOrNull(item.notes, key),
    fields: await Promise.all(item.fields.map((field) => encodeField(field, key))),
    passwordHistory: await Promise.all(item.passwordHistory.map((past) => encodePast(past, key))),
    [item.type]: await encodePart(item, key),
    ...(item.archivedDate !== null && { archivedDate: item.archivedDate }),
    ...(item.revisionDate !== null && { lastKnownRevisionDate: item.revisionDate }),
    ...(userId !== undefined && { encryptedFor: userId }),
  }
}

/** What the parts of an item are encrypted with. Rejects with a `DecryptionError`. Spec: vault §4.2, step 9 */
export async function keyOf({ key }: Pick<Item, 'key'>, userKey: SymmetricKey): Promise<SymmetricKey> {
  return key === null ? userKey : userKey.unwrap(key)
}

async function decodeField(wire: JsonObject, place: string, reader: Reader): Promise<Field> {
  return {
    name: await reader.text(wire.name, `${place}.name`),
    value: await reader.text(wire.value, `${place}.value`),
    // What nobody knows is better not seen over a shoulder.
    type: numberOrNull(wire.type) ?? HIDDEN,
    linkedId: numberOrNull(wire.linkedId),
    rest: without(wire, FIELD_MEMBERS),
  }
}

async function encodeField({ name, value, type, linkedId, rest }: Field, key: SymmetricKey): Promise<JsonObject> {
  return { ...rest, name: await encryptOrNull(name, key), value: await encryptOrNull(value, key), type, linkedId }
}

async function decodePast(wire: JsonObject, place: string, reader: Reader): Promise<PastPassword> {
  return {
    password: await reader.text(wire.password, `${place}.password`),
    lastUsedDate: textOrNull(wire.lastUsedDate),
    rest: without(wire, HISTORY_MEMBERS),
  }
}

async function encodePast({ password, lastUsedDate, rest }: PastPassword, key: SymmetricKey): Promise<JsonObject> {
  return { ...rest, password: await encryptOrNull(password, key), lastUsedDate }
}

function attachmentOf(wire: JsonObject): AttachmentOnWire {
  const { id, fileName, key, size } = wire
  return { id: String(id), fileName: textOrNull(fileName) ?? '', key: textOrNull(key), size: String(size) }
}
