import type { X509Certificate } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import type { TlsOptions } from './tls.ts'

/** What of a `tls {}` block counts for connections that this server makes. (spec: nats §1.4) */
export interface ClientTlsOptions
  extends Pick<
    TlsOptions,
    | 'certificates'
    | 'caFile'
    | 'timeoutMs'
    | 'cipherSuites'
    | 'curvePreferences'
    | 'minVersion'
    | 'pinnedCerts'
    | 'handshakeFirst'
  > {
  /** Whether the certificate of the other side is not checked, but for pins. */
  readonly isInsecure: boolean
}

/** How this server does TLS where it is the client. Never changes; good for any number of connections. */
export interface ClientTlsSettings {
  readonly context: SecureContext
  /** Milliseconds that a handshake may take. */
  readonly timeoutMs: number
  readonly isInsecure: boolean
  /** Whether the other side may have this certificate. */
  isPinned(certificate: X509Certificate | undefined): boolean
  /** Whether the handshake comes before the other side says anything. */
  readonly handshakeFirst: boolean
}
