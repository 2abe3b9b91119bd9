import Type, { type TSchema } from 'typebox'
import { EncString, type JsonObject, Maybe } from '../schema.ts'

/*
 * What an item may hold besides its name and notes (spec/vault.md §2.8). Every device gets the same item, and clients
 * stop reading the whole vault at the first value of a kind they do not expect. Members that are not named are kept.
 */

const objectOrNull = (properties: Record<string, TSchema>, rest: object = {}) =>
  Type.Optional(Type.Unsafe<JsonObject | null>({ ...Type.Object(properties), ...rest, type: ['object', 'null'] }))

const listOf = (items: TSchema) => Type.Optional(Type.Unsafe<JsonObject[] | null>({ type: ['array', 'null'], items }))

/** Each member is encrypted, or null: what JavaScript clients leave behind (`response`) is null too. */
const onlyEncrypted = { additionalProperties: Maybe.encString() }

/** How a URI is compared: a number, or from old imports a number as text. */
const Match = Type.Optional(Type.Unsafe<unknown>({ type: ['integer', 'string', 'null'] }))

const Uri = Type.Object({ uri: Maybe.encString(), uriChecksum: Maybe.encString(), match: Match })

/** Of a passkey, all that clients encrypt. */
const PASSKEY_MEMBERS = [
  ...['credentialId', 'keyType', 'keyAlgorithm', 'keyCurve', 'keyValue', 'rpId', 'rpName'],
  ...['userHandle', 'userName', 'userDisplayName', 'counter', 'discoverable'],
]

/** A passkey: all members are texts; the date of its creation is a plain one. */
const Passkey = Type.Unsafe<JsonObject>({
  ...Type.Object(Object.fromEntries(PASSKEY_MEMBERS.map((name) => [name, Maybe.encString()]))),
  additionalProperties: Maybe.text(),
})

export const Login = objectOrNull({
  uris: listOf(Uri),
  uri: Maybe.encString(),
  username: Maybe.encString(),
  password: Maybe.encString(),
  totp: Maybe.encString(),
  passwordRevisionDate: Maybe.text(),
  autofillOnPageLoad: Maybe.boolean(),
  fido2Credentials: listOf(Passkey),
})

export const SecureNote = objectOrNull({ type: Maybe.integer() })
export const Card = objectOrNull({}, onlyEncrypted)
export const Identity = objectOrNull({}, onlyEncrypted)
export const SshKey = objectOrNull({ privateKey: EncString, publicKey: EncString, keyFingerprint: EncString })

export const Fields = listOf(
  Type.Object({
    type: Type.Optional(Type.Unsafe<unknown>({ type: ['integer', 'string', 'null'] })),
    name: Maybe.encString(),
    value: Maybe.encString(),
    linkedId: Maybe.integer(),
  }),
)

export const PasswordHistory = listOf(Type.Object({ password: Maybe.encString(), lastUsedDate: Maybe.text() }))
