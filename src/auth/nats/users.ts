import type { Permissions } from '#core'
import type { ConnectionType } from './authenticator.ts'

/** What the entries of `users` have in common, whoever they are. */
interface AnyUser {
  readonly account: string
  /** `undefined`: everything. Defaults are filled in. */
  readonly permissions?: Permissions | undefined
  /** `undefined`: all. */
  readonly connectionTypes?: readonly ConnectionType[] | undefined
}

/** One that goes by a name: with a password, or known by a certificate. */
export interface PasswordUser extends AnyUser {
  readonly user: string
  /** As written: plain, or the hash of bcrypt or argon2. Without one it is empty. */
  readonly password: string
}

/** One that signs the nonce. */
export interface NkeyUser extends AnyUser {
  /** Public nkey of type U: 56 characters. */
  readonly nkey: string
}
