import Type, { type Static, type TProperties, type TSchema } from 'typebox'

/** An object with these members and no others. */
export const Closed = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false })

/**
 * An object with these members and whatever else some client once stored: what this server does not know it keeps, since
 * a newer client may have put it there.
 */
export const Stored = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: true })

export const Nullable = <Schema extends TSchema>(schema: Schema) =>
  Type.Unsafe<Static<Schema> | null>({ anyOf: [schema, { type: 'null' }] })

export const Text = Type.String()
export const Id = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' })
/** Mobile apps read nothing but UTC with microseconds (spec/vault.md §0). */
export const DateTime = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z$' })
/** Clients fail on anything else where they expect something encrypted. */
export const EncString = Type.String({ pattern: '^\\d{1,2}\\.[A-Za-z0-9+/=|_-]+$' })

/** A list that stays empty here. */
export const Nothing = Type.Array(Type.Never(), { maxItems: 0 })

/** A page with everything on it, and what else it says. */
export const List = (item: TSchema, more: TProperties = {}) =>
  Closed({ data: Type.Array(item), object: Type.Literal('list'), continuationToken: Type.Null(), ...more })

const optionalEncrypted = Type.Optional(Nullable(EncString))

const Login = Stored({
  uri: Nullable(EncString),
  uris: Nullable(
    Type.Array(
      Stored({
        uri: optionalEncrypted,
        uriChecksum: optionalEncrypted,
        match: Type.Optional(Nullable(Type.Integer())),
        response: Type.Optional(Type.Never()),
      }),
    ),
  ),
  username: optionalEncrypted,
  password: optionalEncrypted,
  totp: optionalEncrypted,
  passwordRevisionDate: Type.Optional(Nullable(DateTime)),
  autofillOnPageLoad: Type.Optional(Nullable(Type.Boolean())),
  fido2Credentials: Type.Optional(Nullable(Type.Array(Type.Record(Text, Nullable(Text))))),
  response: Type.Optional(Type.Never()),
})

const SecureNote = Stored({ type: Type.Integer() })
const OnlyEncrypted = Type.Record(Text, Nullable(EncString))
const SshKey = Stored({ privateKey: EncString, publicKey: EncString, keyFingerprint: EncString })

export const Attachment = Closed({
  id: Text,
  url: Text,
  fileName: EncString,
  /** Bytes, as text. */
  size: Type.String({ pattern: '^\\d+$' }),
  sizeName: Text,
  key: Nullable(EncString),
  object: Type.Literal('attachment'),
})

/** An item of the user's own. Every key is there, because mobile apps fail on missing ones (spec/vault.md §2.7). */
export const Cipher = Closed({
  object: Type.Literal('cipherDetails'),
  id: Id,
  type: Type.Integer({ minimum: 1, maximum: 5 }),
  creationDate: DateTime,
  revisionDate: DateTime,
  deletedDate: Nullable(DateTime),
  reprompt: Type.Union([Type.Literal(0), Type.Literal(1)]),
  organizationId: Type.Null(),
  key: Nullable(EncString),
  attachments: Nullable(Type.Array(Attachment)),
  organizationUseTotp: Type.Boolean(),
  collectionIds: Nothing,
  name: EncString,
  notes: Nullable(Text),
  fields: Type.Array(Stored({ type: Type.Integer(), name: optionalEncrypted, value: optionalEncrypted })),
  passwordHistory: Type.Array(Stored({ password: Text, lastUsedDate: DateTime })),
  login: Nullable(Login),
  secureNote: Nullable(SecureNote),
  card: Nullable(OnlyEncrypted),
  identity: Nullable(OnlyEncrypted),
  sshKey: Nullable(SshKey),
  bankAccount: Type.Null(),
  driversLicense: Type.Null(),
  passport: Type.Null(),
  folderId: Nullable(Id),
  favorite: Type.Boolean(),
  archivedDate: Nullable(DateTime),
  edit: Type.Literal(true),
  viewPassword: Type.Literal(true),
  permissions: Closed({ delete: Type.Literal(true), restore: Type.Literal(true) }),
})

export const Folder = Closed({ id: Id, revisionDate: DateTime, name: EncString, object: Type.Literal('folder') })

/** Iterations and, for Argon2id (1) only, memory in MiB and threads. */
const kdf = {
  iterations: Type.Integer({ minimum: 1 }),
  memory: Nullable(Type.Integer({ minimum: 15, maximum: 1024 })),
  parallelism: Nullable(Type.Integer({ minimum: 1, maximum: 16 })),
}
export const KdfType = Type.Union([Type.Literal(0), Type.Literal(1)])
export const Kdf = Closed({ kdfType: KdfType, ...kdf })
export const { iterations: KdfIterations, memory: KdfMemory, parallelism: KdfParallelism } = kdf

export const Profile = Closed({
  _status: Type.Union([Type.Literal(0), Type.Literal(1)]),
  id: Id,
  name: Text,
  email: Text,
  emailVerified: Type.Boolean(),
  premium: Type.Literal(true),
  premiumFromOrganization: Type.Boolean(),
  culture: Text,
  twoFactorEnabled: Type.Boolean(),
  key: Text,
  privateKey: Nullable(Text),
  accountKeys: Nullable(
    Closed({
      publicKeyEncryptionKeyPair: Closed({
        wrappedPrivateKey: Text,
        publicKey: Text,
        signedPublicKey: Type.Null(),
        object: Type.Literal('publicKeyEncryptionKeyPair'),
      }),
      securityState: Type.Null(),
      signatureKeyPair: Type.Null(),
      object: Type.Literal('privateKeys'),
    }),
  ),
  securityStamp: Text,
  organizations: Nothing,
  providers: Nothing,
  providerOrganizations: Nothing,
  forcePasswordReset: Type.Boolean(),
  avatarColor: Nullable(Text),
  usesKeyConnector: Type.Boolean(),
  creationDate: DateTime,
  object: Type.Literal('profile'),
})

/** Bitwarden's error body (spec/vault.md §2.2). */
export const Envelope = Closed({
  message: Text,
  validationErrors: Type.Record(Text, Type.Array(Text, { minItems: 1 })),
  errorModel: Closed({ message: Text, object: Type.Literal('error') }),
  error: Text,
  error_description: Text,
  exceptionMessage: Type.Null(),
  exceptionStackTrace: Type.Null(),
  innerExceptionMessage: Type.Null(),
  object: Type.Literal('error'),
})

/** What Vaultwarden's web framework says by itself. */
export const FrameworkError = Closed({
  error: Closed({ code: Type.Integer(), reason: Text, description: Text }),
})
