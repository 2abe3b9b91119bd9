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
  /**
   * Removes the user with all that is theirs alone: items, folders, Sends, devices, memberships and the rest. Their
   * files are doomed. That an organization is not left without an owner is for the caller to check.
   */
  delete(id: string): Promise<void>
}
