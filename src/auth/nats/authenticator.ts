import type { X509Certificate } from 'node:crypto'

/** How a client came in: what `allowed_connection_types` compares. */
export type ConnectionType = 'STANDARD' | 'WEBSOCKET'

/** What a client shows to prove who it is: CONNECT, filled up from cookies. Empty texts are what it left out. */
export interface LoginRequest {
  readonly user: string
  readonly password: string
  readonly token: string
  readonly jwt: string
  readonly nkey: string
  /** Of the nonce, by the nkey: base64url without padding. */
  readonly signature: string
  /** What INFO gave this client to sign; empty when it gave nothing. */
  readonly nonce: string
  readonly connectionType: ConnectionType
  /** Of the client itself, as far as trusted proxies tell. */
  readonly address: string
  /** The client's, when the listener's TLS asked for one and verified it. */
  readonly peerCertificate: X509Certificate | undefined
}

/** Who a client turned out to be. */
export interface Principal {
  /** As monitoring shows it (`authorized_user`); empty for a client of which nothing was asked. Never a secret. */
  readonly name: string
  /** The name of the account whose subjects it sees. */
  readonly account: string
}

export type LoginResult =
  | { readonly ok: true; readonly principal: Principal }
  /** `reason` is for the log: the client is told the same whatever it is. Never a secret. */
  | { readonly ok: false; readonly reason: string }

/** Decides who may use a listener. One object serves all its clients; a reload puts another in its place. */
export interface Authenticator {
  /** Whether a client has to send CONNECT, within `timeoutMs`, before anything else. */
  readonly isRequired: boolean
  /** Milliseconds from INFO to the end of a successful login. */
  readonly timeoutMs: number
  /** Whether INFO brings a nonce to sign. */
  readonly usesNonce: boolean
  /** Whether there is a user for those who show nothing (`no_auth_user`): they need not even send CONNECT. */
  readonly hasDefaultUser: boolean
  /** Never rejects. Whatever the client sends meanwhile waits for the answer. */
  login(request: LoginRequest): LoginResult | Promise<LoginResult>
}
