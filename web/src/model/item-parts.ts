/** The part of an item that is its type's own, between wire and model. Spec: vault §2.8 */

import { isObject, type JsonObject, numberOrNull, objectsOf, textOrNull, without } from '../api/json.ts'
import { fromText, toBase64 } from '../crypto/bytes.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import {
  CARD_MEMBERS,
  IDENTITY_MEMBERS,
  type ItemPart,
  type ItemType,
  type Kept,
  type Login,
  type LoginUri,
  SSH_KEY_MEMBERS,
} from './item.ts'
import { encryptOrNull, type Reader } from './reader.ts'

type KnownType = Exclude<ItemType, 'unknown'>

const TYPES: readonly KnownType[] = ['login', 'secureNote', 'card', 'identity', 'sshKey']

export function typeOf(wire: JsonObject): ItemType {
  return TYPES[Number(wire.type) - 1] ?? 'unknown'
}

export function typeNumber(type: KnownType): number {
  return TYPES.indexOf(type) + 1
}

/** `hasOwnKey`: whether the item has a key of its own, as those items have whose URIs must have checksums. */
export async function decodePart(wire: JsonObject, reader: Reader, hasOwnKey: boolean): Promise<ItemPart> {
  const type = typeOf(wire)
  if (type === 'unknown') return { type }
  const given = wire[type]
  if (!isObject(given)) reader.damaged.push(type)
  const part = isObject(given) ? given : {}
  switch (type) {
    case 'login':
      return { type, login: await decodeLogin(part, reader, hasOwnKey) }
    case 'secureNote':
      return { type, secureNote: { rest: without(part, []) } }
    case 'card':
      return { type, card: await decodeTexts(CARD_MEMBERS, part, (value, name) => reader.text(value, `card.${name}`)) }
    case 'identity':
      return {
        type,
        identity: await decodeTexts(IDENTITY_MEMBERS, part, (value, name) => reader.text(value, `identity.${name}`)),
      }
    case 'sshKey':
      return {
        type,
        sshKey: await decodeTexts(SSH_KEY_MEMBERS, part, (value, name) => reader.text(value, `sshKey.${name}`)),
      }
  }
}

/** As it stands in a request, under the name of its type. */
export async function encodePart(part: Exclude<ItemPart, { type: 'unknown' }>, key: SymmetricKey): Promise<JsonObject> {
  switch (part.type) {
    case 'login':
      return encodeLogin(part.login, key)
    case 'secureNote':
      return { type: 0, ...part.secureNote.rest }
    case 'card':
      return encodeTexts(CARD_MEMBERS, part.card, (text) => encryptOrNull(text, key))
    case 'identity':
      return encodeTexts(IDENTITY_MEMBERS, part.identity, (text) => encryptOrNull(text, key))
    case 'sshKey':
      // The server wants all three, be they empty.
      return encodeTexts(SSH_KEY_MEMBERS, part.sshKey, (text) => key.encrypt(text ?? ''))
  }
}

/** `uri` is the server's copy of the first of `uris`. */
const LOGIN_MEMBERS = ['uri', 'uris', 'username', 'password', 'passwordRevisionDate', 'totp', 'fido2Credentials']
const URI_MEMBERS = ['uri', 'uriChecksum', 'match']

async function decodeLogin(wire: JsonObject, reader: Reader, hasOwnKey: boolean): Promise<Login> {
  // Before there were many, a login had one.
  const uris = wire.uris == null && wire.uri != null ? [{ uri: wire.uri }] : objectsOf(wire.uris)
  return {
    username: await reader.text(wire.username, 'login.username'),
    password: await reader.text(wire.password, 'login.password'),
    passwordRevisionDate: textOrNull(wire.passwordRevisionDate),
    totp: await reader.text(wire.totp, 'login.totp'),
    uris: await Promise.all(uris.map((uri, index) => decodeUri(uri, `login.uris[${index}]`, { reader, hasOwnKey }))),
    passkeys: objectsOf(wire.fido2Credentials),
    rest: without(wire, LOGIN_MEMBERS),
  }
}

async function decodeUri(
  wire: JsonObject,
  place: string,
  { reader, hasOwnKey }: { reader: Reader; hasOwnKey: boolean },
): Promise<LoginUri> {
  const uri = await reader.text(wire.uri, `${place}.uri`)
  const decoded = { uri, match: numberOrNull(wire.match), rest: without(wire, URI_MEMBERS) }
  if (!hasOwnKey || uri === null) return decoded
  // A server must not make one URI of the user's another one's: the apps hide those without the right checksum.
  const checksum = await reader.text(wire.uriChecksum, `${place}.uriChecksum`)
  if (checksum === (await checksumOf(uri))) return decoded
  reader.damaged.push(`${place}.uri`)
  return { ...decoded, uri: null }
}

async function encodeLogin(login: Login, key: SymmetricKey): Promise<JsonObject> {
  return {
    ...login.rest,
    username: await encryptOrNull(login.username, key),
    password: await encryptOrNull(login.password, key),
    passwordRevisionDate: login.passwordRevisionDate,
    totp: await encryptOrNull(login.totp, key),
    uris: await Promise.all(login.uris.map((uri) => encodeUri(uri, key))),
    fido2Credentials: login.passkeys.length === 0 ? null : login.passkeys,
  }
}

async function encodeUri({ uri, match, rest }: LoginUri, key: SymmetricKey): Promise<JsonObject> {
  const uriChecksum = await encryptOrNull(uri && (await checksumOf(uri)), key)
  return { ...rest, uri: await encryptOrNull(uri, key), uriChecksum, match }
}

/** Spec: vault §4.2, step 12 */
async function checksumOf(uri: string): Promise<string> {
  return toBase64(new Uint8Array(await crypto.subtle.digest('SHA-256', fromText(uri))))
}

type Texts<Name extends string> = Kept & { readonly [N in Name]: string | null }

async function decodeTexts<Name extends string>(
  names: readonly Name[],
  wire: JsonObject,
  read: (value: unknown, name: Name) => Promise<string | null>,
): Promise<Texts<Name>> {
  const texts = await Promise.all(names.map(async (name) => [name, await read(wire[name], name)]))
  // `fromEntries` knows no names.
  return { ...(Object.fromEntries(texts) as Record<Name, string | null>), rest: without(wire, names) }
}

async function encodeTexts<Name extends string>(
  names: readonly Name[],
  part: Texts<Name>,
  encrypt: (text: string | null) => Promise<string | null>,
): Promise<JsonObject> {
  const members = await Promise.all(names.map(async (name) => [name, await encrypt(part[name])]))
  return { ...part.rest, ...Object.fromEntries(members) }
}
