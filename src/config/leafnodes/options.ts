import type { LeafRemoteOptions as SolicitedOptions } from '#doors/nats'
import type { HostAndPort } from '../types/address.ts'
import type { ClientTlsOptions, TlsOptions } from '../types/tls.ts'

/** `leafnodes {}`. (spec: nats §5.6) */
export interface LeafnodesOptions {
  /** Where other servers come in over TCP, and by what rules, also over WebSocket; `undefined`: none is let in. */
  readonly listener: LeafListenerOptions | undefined
  /** Servers that this one connects to, in the order of the file; those that are `disabled` are left out. */
  readonly remotes: readonly LeafRemoteOptions[]
  /** How long after the end of a link it is made anew; at least 1. */
  readonly reconnectMs: number
}

/** What holds for links in either direction. */
export type LeafLinkOptions = Pick<SolicitedOptions, 'writeDeadlineMs' | 'writeTimeoutPolicy'>

export interface LeafListenerOptions extends HostAndPort, LeafLinkOptions {
  /** `host` or `host:port`, as other servers are to be told it; the port is the listener's when it is missing. */
  readonly advertise: string | undefined
  /** `undefined`: plain TCP. */
  readonly tls: TlsOptions | undefined
  readonly authorization: LeafAuthorization
  /** The oldest version of a server that is let in: `MAJOR.MINOR.PATCH`, at least 2.8.0. `undefined`: any. */
  readonly minVersion: string | undefined
  /** Whether those who come in hear nothing of each other's subscriptions. */
  readonly isolatesInterest: boolean
}

/**
 * Who may come in as a leaf node. With a `user`, an `nkey` or `users`, of which only one is there, only those count.
 * Without, users, nkeys and JWTs of the server decide; and where nobody needs to log in, all are in `account`.
 */
export interface LeafAuthorization {
  readonly user?: string | undefined
  /** As written: plain, or a hash. */
  readonly password?: string | undefined
  /** Public nkey of a user. */
  readonly nkey?: string | undefined
  /** Of `user` and `nkey`; `undefined`: `$G`. */
  readonly account?: string | undefined
  /** `undefined`: two seconds, or one more than the TLS handshake may take. */
  readonly timeoutMs?: number | undefined
  /** With names of their own, at least one. */
  readonly users?: readonly LeafUser[] | undefined
}

export interface LeafUser {
  readonly user: string
  /** As written: plain, or a hash. */
  readonly password: string
  /** Of this server. */
  readonly account: string
}

/** What the door is told of a remote, with its `tls {}` block still to be read. */
export interface LeafRemoteOptions extends SolicitedOptions {
  /** `undefined`: TLS with its defaults, where the URL or the other server asks for it. */
  readonly tls: ClientTlsOptions | undefined
}
