import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify'
import Type, { type Static, type TSchema } from 'typebox'

/** Gives route handlers the types of what their schemas let through. */
interface SchemaTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
}

/** The Fastify instance of the vault, or one of its scopes. */
export type VaultApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  SchemaTypes
>

/** Adds `routes` below `prefix`, in a scope whose hooks and parsers are its own. Errors come out of `app.ready()`. */
export function within(app: VaultApp, prefix: string, routes: (scope: VaultApp) => void): void {
  void app.register(
    (scope: VaultApp, _options: unknown, done: () => void) => {
      routes(scope)
      done()
    },
    { prefix },
  )
}

/** Path parameter of an item, a folder or a user. Any other text is no such route, hence 404. */
export const ID = ':id(^[0-9a-fA-F-]{36}$)'
export const IdParams = Type.Object({ id: Type.String() })

/** The two ways to say that what is at `url` shall go: not every proxy lets the first one through. */
export const deletions = (url: string) =>
  [
    { method: 'DELETE', url },
    { method: 'POST', url: `${url}/delete` },
  ] as const

/** Largest body of a request that anybody may send; bytes. */
export const SMALL_BODY = 1 << 20

/**
 * Something a client encrypted: the number of the scheme, a dot, base64 parts. Clients fail as a whole on one item with
 * anything else in it, so it is not let in. Empty stands for null.
 */
const ENC_STRING = '^(?:\\d{1,2}\\.[A-Za-z0-9+/=|_-]+)?$'

export const isEncString = (text: string): boolean => text !== '' && new RegExp(ENC_STRING).test(text)

/** An encrypted text that must be there. */
export const EncString = Type.String({ minLength: 1, pattern: ENC_STRING })

/**
 * Longest of a user's keys as text. Their row is read with each of their requests, and when anybody asks how they derive
 * their key: with megabytes in it a few of these would stop everything else. That of RSA with 4096 bits has 4,400.
 */
const MAX_KEY = 20_000

/** A user key or the private key of a user, encrypted. */
export const WrappedKey = Type.String({ minLength: 1, maxLength: MAX_KEY, pattern: ENC_STRING })

/** The public key of a user, which no server reads. */
export const PublicKey = Type.String({ minLength: 1, maxLength: MAX_KEY })

/** The name of a folder; every sync has them all. */
export const FolderName = Type.String({ minLength: 1, maxLength: 1000, pattern: ENC_STRING })

/** What clients call a user key by: 16 bytes in hex. */
export const KEY_ID = '^[0-9a-fA-F]{32}$'

/** May be absent or null, which mean the same. One `type` list and no union, so that an error names the field. */
export const Maybe = {
  of: <Schema extends TSchema & { readonly type: string }>(schema: Schema) =>
    Type.Optional(Type.Unsafe<Static<Schema> | null>({ ...schema, type: [schema.type, 'null'] })),
  text: (options: { maxLength?: number; minLength?: number; pattern?: string } = {}) =>
    Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], ...options })),
  encString: () => Maybe.text({ pattern: ENC_STRING }),
  integer: () => Type.Optional(Type.Unsafe<number | null>({ type: ['integer', 'null'] })),
  boolean: () => Type.Optional(Type.Unsafe<boolean | null>({ type: ['boolean', 'null'] })),
  object: () => Type.Optional(Type.Unsafe<JsonObject | null>({ type: ['object', 'null'] })),
  objects: () =>
    Type.Optional(Type.Unsafe<JsonObject[] | null>({ type: ['array', 'null'], items: { type: 'object' } })),
}

export type JsonObject = Record<string, unknown>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The name of a user key, where a client knows it. */
export const KeyId = Maybe.text({ pattern: KEY_ID })

/** `null`, absent and empty are all "none". */
export const orNull = (text: string | null | undefined): string | null => text || null
