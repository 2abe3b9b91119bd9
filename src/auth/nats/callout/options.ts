import type { Message, Request } from '#core'
import type { Clock } from '#kit'
import type { AccountClaims } from '../jwt/index.ts'
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
  /** In operator mode: what is known of an account, perhaps after a while. With it, accounts are those that issue users. */
  readonly accountClaims?:
    | ((name: string) => AccountClaims | undefined | Promise<AccountClaims | undefined>)
    | undefined
}

/** An answer that lets nobody in, and why: for the log, in nats-server's words. */
export class CalloutRefusal extends Error {
  override name = 'CalloutRefusal'
}
