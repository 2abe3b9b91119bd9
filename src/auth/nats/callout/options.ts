import type { Message, Request } from '#core'
import type { Clock } from '#kit'
import type { LoginCloseReason } from '../authenticator.ts'
import type { AccountClaims, ScopeClaim } from '../jwt/index.ts'
import type { KeyPair } from '../nkeys.ts'

/** Who asks: what a service is told of the server, and the keys that prove it. */
export interface CalloutServer {
  readonly name: string
  readonly host: string
  readonly version: string
  readonly tags?: readonly string[] | undefined
  /** Of kind `server`: its public key is the id of the server. */
  readonly keys: KeyPair
  /** Of kind `curve`, for what is sealed. */
  readonly xkeys: KeyPair
}

export interface CalloutTools {
  readonly clock: Clock
  readonly server: CalloutServer
  /** Asks in an account; resolves with `undefined` when there is no answer in time. */
  readonly ask: (account: string, request: Request, timeoutMs: number) => Promise<Message | undefined>
  /** The authentication timeout. */
  readonly timeoutMs: number
  /** Whether there is such an account, for a server whose accounts are configured. */
  readonly hasAccount: (name: string) => boolean
  /** In operator mode: accounts are those that issue users. */
  readonly operator?: CalloutOperator | undefined
}

/** What operator mode knows of accounts. */
export interface CalloutOperator {
  /** `undefined`: there is no such account. Perhaps only known after a while. */
  accountClaims(name: string): AccountClaims | undefined | Promise<AccountClaims | undefined>
  /** What `key` may sign for an account: `undefined` when nothing, with its scope when it has one. */
  signerOf(account: AccountClaims, key: string): { readonly scope: ScopeClaim | undefined } | undefined
}

/** An answer that lets nobody in, and why: for the log, in nats-server's words. */
export class CalloutRefusal extends Error {
  override name = 'CalloutRefusal'
  /** What somebody is closed for who was let in by the answer once, where it is not that its login failed. */
  readonly closeReason: LoginCloseReason | undefined

  constructor(reason: string, options: ErrorOptions & { readonly closeReason?: LoginCloseReason } = {}) {
    super(reason, options)
    this.closeReason = options.closeReason
  }
}
