import type { SymmetricKey } from '../crypto/symmetric-key.ts'

/** `revoked`: by the server, another device or the account's end; else it was done here. */
export type SignedOutReason = 'logged-out' | 'revoked'

/** Somebody who is logged in and has given the password. */
export interface Unlocked {
  readonly kind: 'unlocked'
  readonly email: string
  readonly userId: string
  /** Here, and in what is made of this state, and nowhere else: when the state changes, it is to be let go. */
  readonly userKey: SymmetricKey
}

/** Whether somebody is logged in, and whether their vault is open. */
export type SessionState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'signed-out'; readonly why?: SignedOutReason }
  | { readonly kind: 'locked'; readonly email: string; readonly userId: string }
  | Unlocked
