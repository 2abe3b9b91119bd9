/**
 * What is kept, whichever engine keeps it. Rows carry the words of the domain; the engines translate to the tables
 * and columns of Vaultwarden's schema (docs/architecture.md, 'The database').
 *
 * Dates have millisecond precision and years of four digits. Every method may reject with the engine's own error; "not
 * there" is `undefined`, never an error, and to update or delete what is not there changes nothing. A method is all or
 * nothing by itself.
 */
export interface Store {
  readonly users: Users
  readonly devices: Devices
  readonly folders: Folders
  readonly ciphers: Ciphers
  readonly invitations: Invitations
  readonly relayedDevices: RelayedDevices
  readonly memberships: Memberships
  readonly heard: Heard
  readonly trash: Trash
  readonly jobRuns: JobRuns
  readonly signingKeys: SigningKeys
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. Not nestable.
   *
   * Inside use only the store that is handed in, which is of no use afterwards: SQLite has one connection, so the outer
   * store would wait for this transaction, and this transaction for it. For the same reason wait for nothing else in it.
   *
   * Transactions behave as if they ran one after the other. To make that so PostgreSQL may have `work` run again, after
   * it was rolled back: it must change nothing but the store, not even what it was handed from outside.
   */
  transaction<T>(work: (store: Store) => Promise<T>, options?: TransactionOptions): Promise<T>
  /**
   * Runs `work` unless work of that name is under way now, here or in another process on the same PostgreSQL database.
   * Resolves with whether it ran; rejects when it does, or when the database cannot be asked.
   */
  exclusively(name: string, work: ExclusiveWork): Promise<boolean>
  /**
   * Removes what is kept in tables of our own about users and devices that another server has deleted. Goes on by one
   * short statement, and says how many rows that removed, whenever it is asked for the next.
   */
  cleanUp(): AsyncGenerator<number, void, undefined>
  /**
   * Which other instances have the database open at the moment, each by the mark of its name (`instanceMark`). Always
   * none on SQLite.
   */
  otherInstances(): Promise<readonly number[]>
  /** Resolves when the database answers; rejects otherwise. For `/alive`. */
  ping(): Promise<void>
  /** Finishes what was asked before, then closes. Everything asked later rejects. */
  close(): Promise<void>
}

export interface TransactionOptions {
  /**
   * The user whose account it is about. Transactions about one account wait for each other, so that they need not run
   * again, and so that one account's requests take one connection.
   */
  readonly account?: string
}

/**
 * Work that only one process does at a time. `lost` is aborted when that cannot be promised any more, since the connection
 * to the database broke: what has not begun then is better left to the next time.
 */
export type ExclusiveWork = (lost: AbortSignal) => Promise<void>

/** Key derivation the client uses for its master key. type 0: PBKDF2-SHA256; type 1: Argon2id (memory in MiB). */
export interface Kdf {
  readonly type: 0 | 1
  readonly iterations: number
  readonly memory: number | null
  readonly parallelism: number | null
}

export interface User {
  readonly id: string
  readonly createdAt: Date
  /** Moves with every change of the account's vault: `GET /accounts/revision-date`. */
  updatedAt: Date
  /** Lower-case (written so whatever its case). Unique. */
  email: string
  name: string
  /** PBKDF2 of the client's hash; empty when the user has no master password (invited). */
  passwordHash: Buffer
  salt: Buffer
  passwordIterations: number
  passwordHint: string | null
  /** The user key, protected by the master key: an EncString. Empty for an invited user. */
  key: string
  privateKey: string | null
  publicKey: string | null
  recoveryCode: string | null
  /** Changes when every session must end; every access token carries it. */
  securityStamp: string
  /** JSON, see `spec/vault.md` §4.1; null when there is none. */
  stampException: string | null
  /** JSON list of lists of domains. */
  equivalentDomains: string
  /** JSON list of numbers. */
  excludedGlobals: string
  kdf: Kdf
  verifiedAt: Date | null
  lastVerifyingAt: Date | null
  loginVerifyCount: number
  newEmail: string | null
  newEmailToken: string | null
  enabled: boolean
  apiKey: string | null
  avatarColor: string | null
}

export interface Users {
  find(id: string): Promise<User | undefined>
  /** `email` in any case. */
  findByEmail(email: string): Promise<User | undefined>
  insert(user: User): Promise<void>
  /** Writes every field, but `updatedAt` only if that moves it forward: another request may have touched it. */
  update(user: User): Promise<void>
  /**
   * Moves `updatedAt` to `at`, but always forward, by a millisecond at least, and beyond what any device of the user is
   * marked as having heard; returns what it is now, or `at` when there is no such user.
   */
  touch(id: string, at: Date): Promise<Date>
  /** Types of the second factors that are enabled, ascending. With any, a password alone must not open the account. */
  secondFactors(id: string): Promise<number[]>
  /**
   * The id that clients gave the user key (32 hex digits), kept beside Vaultwarden's tables. Vaultwarden may rotate the
   * user key without knowing of it: the id holds only for the private key it was set with, which is protected by that
   * key.
   */
  keyId(id: string): Promise<string | undefined>
  setKeyId(id: string, keyId: string): Promise<void>
  /** Whether attachments hang on the user's own items, or files on their Sends. */
  ownsFiles(id: string): Promise<boolean>
  /**
   * Removes the user with all that is theirs alone: items, folders, Sends, devices, memberships and the rest. Rejects
   * when attachments hang on their items. That an organization is not left without an owner is for the caller to check.
   */
  delete(id: string): Promise<void>
}

/** A client that logged in once. The same `id` (the client's own) may serve several users. */
export interface Device {
  readonly id: string
  readonly userId: string
  readonly createdAt: Date
  updatedAt: Date
  name: string
  /** `spec/vault.md` §2.1; 14 when unknown. */
  type: number
  pushToken: string | null
  pushId: string | null
  /** Random text that refresh tokens name; unique. */
  refreshToken: string
  twoFactorRemember: string | null
}

export interface Devices {
  find(id: string, userId: string): Promise<Device | undefined>
  findByRefreshToken(refreshToken: string): Promise<Device | undefined>
  ofUser(userId: string): Promise<Device[]>
  insert(device: Device): Promise<void>
  update(device: Device): Promise<void>
  /** Sets `updatedAt` alone. */
  touch(id: string, userId: string, at: Date): Promise<void>
  delete(id: string, userId: string): Promise<void>
  deleteAllOf(userId: string): Promise<void>
}

export interface Folder {
  readonly id: string
  readonly userId: string
  readonly createdAt: Date
  updatedAt: Date
  name: string
}

export interface Folders {
  find(id: string): Promise<Folder | undefined>
  ofUser(userId: string): Promise<Folder[]>
  insert(folder: Folder): Promise<void>
  update(folder: Folder): Promise<void>
  /** Removes the folder and its links to items; the items stay. */
  delete(id: string): Promise<void>
}

export interface Cipher {
  readonly id: string
  readonly createdAt: Date
  updatedAt: Date
  /** The personal owner; null for an organization's item. */
  readonly userId: string | null
  readonly organizationId: string | null
  /** 1 login, 2 secure note, 3 card, 4 identity, 5 SSH key. */
  readonly type: number
  name: string
  notes: string | null
  /** JSON list, or null. */
  fields: string | null
  /** JSON object: the type's own part as the client sent it. */
  data: string
  /** JSON list, or null. */
  passwordHistory: string | null
  /** The item's own key as an EncString, or null. */
  key: string | null
  reprompt: number | null
  deletedAt: Date | null
}

/** A cipher as one user sees it: what is kept per user is joined in. */
export interface CipherView extends Cipher {
  folderId: string | null
  favorite: boolean
  archivedAt: Date | null
}

export interface Ciphers {
  /** The user's own item, with what is kept per user. */
  findOwn(userId: string, id: string): Promise<CipherView | undefined>
  /** Those of `ids` that are the user's own, in no particular order; unknown ones are left out. */
  findManyOwn(userId: string, ids: readonly string[]): Promise<CipherView[]>
  /** Every item of the user's own, those in the trash included. */
  ownOf(userId: string): Promise<CipherView[]>
  insert(cipher: Cipher): Promise<void>
  /** Writes every field that is not readonly. */
  update(cipher: Cipher): Promise<void>
  /** Those of `ids` that have attachments. */
  withAttachments(ids: readonly string[]): Promise<string[]>
  /**
   * Removes the items with what hangs on them: folder links, favourites, archive marks and collection links. Rejects
   * when one of them has attachments: whoever takes their rows away has to remove their files too.
   */
  delete(ids: readonly string[]): Promise<void>
  /**
   * Puts the items into the user's folder, or with null into none. At most one folder for each user and item. That the
   * folder and the items are the user's is for the caller to check; rejects when one of them does not exist.
   */
  setFolder(userId: string, ids: readonly string[], folderId: string | null): Promise<void>
  setFavorite(userId: string, id: string, favorite: boolean): Promise<void>
  /** Marks the items as archived by this user at `at`, or with null as not. */
  setArchived(userId: string, ids: readonly string[], at: Date | null): Promise<void>
}

/** E-mail addresses that may register although sign-up is closed. */
export interface Invitations {
  /** True when there was an invitation; it is gone afterwards. */
  take(email: string): Promise<boolean>
  exists(email: string): Promise<boolean>
  /** Turns the user's open invitations to organizations into accepted ones. */
  acceptMemberships(userId: string): Promise<void>
}

/** Who belongs to which organization. */
export interface Memberships {
  /** Ids of the organizations that the user is a confirmed member of. */
  confirmedOf(userId: string): Promise<string[]>
  /** Ids of the users who are confirmed members of the organization. */
  confirmedIn(organizationId: string): Promise<string[]>
  /** Whether the user is the only confirmed owner of an organization. */
  isLastOwner(userId: string): Promise<boolean>
}

/**
 * What is in the trash since before a moment. Items with attachments are only counted: whoever deletes those has to
 * remove their files, too.
 */
export interface Trash {
  /** Whose item has been there for the longest time; undefined when there is none. */
  nextOwner(before: Date): Promise<TrashOwner | undefined>
  /** Ids of the owner's items, those that have been there longest first. */
  idsOf(owner: TrashOwner, before: Date, limit: number): Promise<string[]>
  countWithAttachments(before: Date): Promise<number>
}

/** One of the two is null. */
export interface TrashOwner {
  readonly userId: string | null
  readonly organizationId: string | null
}

/** What instances on one database tell each other about scheduled jobs. */
export interface JobRuns {
  /**
   * Records that the run of a job that was due at `due` begins. False when a run for that time or a later one has begun
   * before; a record later than `latest` was made by a clock that was wrong, and does not count.
   */
  begin(job: string, due: Date, latest: Date): Promise<boolean>
}

/** By which key the instances on one database sign, as a fingerprint of its public half. The key itself is in no database. */
export interface SigningKeys {
  /** Undefined when none was recorded. */
  find(): Promise<string | undefined>
  /** Records it if none is recorded; resolves with the one that is then. */
  claim(fingerprint: string): Promise<string>
  replace(fingerprint: string): Promise<void>
}

/** What devices have heard of their account: so that one that is back after a gap is told that it missed something. */
export interface Heard {
  /** Undefined when there is no such device. */
  find(deviceId: string, userId: string): Promise<HeardState | undefined>
  /** The same of many devices, in their order. */
  findMany(devices: readonly HeardDevice[]): Promise<(HeardState | undefined)[]>
  /** Writes all of them. A mark only ever moves forward, and that of a device that is gone is passed over. */
  mark(marks: readonly HeardMark[]): Promise<void>
}

export interface HeardState {
  /** The mark: of what was told up to then the device missed nothing. Null when there is none. */
  readonly heardAt: Date | null
  /** When the device logged in for the first time: it missed nothing of what was before. */
  readonly deviceSince: Date
  /** When the account changed last. */
  readonly accountChangedAt: Date
  /** Of the sessions that hold; undefined when the user is disabled, so that none does. */
  readonly securityStamp: string | undefined
}

export interface HeardDevice {
  readonly deviceId: string
  readonly userId: string
}

export interface HeardMark extends HeardDevice {
  readonly heardAt: Date
}

/** A device of another server's user, which that server (an installation) has registered for relayed notifications. */
export interface RelayedDevice {
  readonly installationId: string
  /** The installation's name for this user on this app. */
  readonly deviceId: string
  readonly userId: string
  /** The app's own name for itself. */
  readonly identifier: string
  /** `spec/vault.md` §2.1. */
  readonly type: number
  /** Where the push service of the device's maker finds it. */
  readonly pushToken: string
  readonly organizationIds: readonly string[]
}

/** All is kept by installation: none has to do with another. */
export interface RelayedDevices {
  /**
   * Adds the device, or writes all of it anew. Where the installation has `maxDevices` already, those go that were
   * registered longest ago.
   */
  register(device: RelayedDevice, options: { at: Date; maxDevices: number }): Promise<void>
  delete(installationId: string, deviceId: string): Promise<void>
  /** Devices that are not registered are passed over, here and in the next. */
  addOrganization(installationId: string, deviceIds: readonly string[], organizationId: string): Promise<void>
  deleteOrganization(installationId: string, deviceIds: readonly string[], organizationId: string): Promise<void>
  /** Of the user's devices of that identifier, in no particular order. */
  organizationsOf(installationId: string, userId: string, identifier: string): Promise<string[]>
}
