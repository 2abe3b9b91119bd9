import type { Carrier } from '#net'
import type { TlsSnapshot } from './connection-snapshot.ts'
import type { CookieCredentials } from './cookies.ts'
import type { ListenerFacts, ProfileHolder, UpgradeEntry } from './profile.ts'

/** Bytes of a nonce, before base64url makes 15 characters of them. */
const NONCE_BYTES = 11

/** Who came, and how. */
export interface Arrival {
  readonly id: number
  /** Its `remote` is the client itself, behind whatever proxies are trusted. */
  readonly carrier: Carrier
  readonly listener: ProfileHolder
  /** What INFO gives it to sign; empty when nothing. */
  readonly nonce: string
  readonly tls: TlsSnapshot | undefined
  readonly cookies: CookieCredentials
  /** What the log puts in front of its address: whom it claims to speak for. */
  readonly logPrefix?: string | undefined
  /** Where it came in, when that is not where the listener is: somebody else's HTTP server may listen anywhere. */
  readonly facts?: ListenerFacts | undefined
  /** Of a client that came over WebSocket: what the listener's rules, when they are others, are asked about. */
  readonly upgrade?: UpgradeEntry | undefined
  /** Looks at the first bytes: what is wrong with a client that speaks something else than NATS, as it is to be told. */
  readonly foreignProtocol?: ((firstBytes: Buffer) => string | undefined) | undefined
}

/** Something to sign that was never signed before. `randomBytes` makes bytes nobody can guess. */
export function newNonce(randomBytes: (count: number) => Buffer): string {
  return randomBytes(NONCE_BYTES).toString('base64url')
}
