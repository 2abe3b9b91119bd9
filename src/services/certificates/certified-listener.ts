import type { X509Certificate } from 'node:crypto'
import type { TlsOptions } from '#net'

/** A listener as who looks after its certificates sees it. */
export interface CertifiedListener {
  /** As the configuration calls it: `web`, `nats`, `websocket[1]`. */
  readonly name: string
  /** Which its certificates, keys and authorities come from; empty where they come from no file. */
  readonly files: readonly string[]
  /** What it shows at the moment. */
  readonly certificates: readonly X509Certificate[]
  /**
   * Reads the files again; what they hold counts for connections from then on. Rejects with a `ConfigError` and changes
   * nothing when they cannot be used.
   */
  renew(): Promise<void>
}

/** The files that a `tls {}` block names. */
export function filesOf({ certificates, caFile }: Pick<TlsOptions, 'certificates' | 'caFile'>): readonly string[] {
  return [...certificates.flatMap(({ certFile, keyFile }) => [certFile, keyFile]), ...(caFile ? [caFile] : [])]
}

/** When the first of its certificates runs out: clients that are shown that one do not come in any more. */
export function firstEndOf({ certificates }: Pick<CertifiedListener, 'certificates'>): Date | undefined {
  return certificates.map(({ validToDate }) => validToDate).toSorted((a, b) => a.getTime() - b.getTime())[0]
}

/** Whom a certificate is for, as people know it: `vault.example.com, 192.0.2.1`. */
export function namesOf({ subjectAltName, subject }: X509Certificate): string {
  return subjectAltName?.replaceAll(/(?:DNS|IP Address|URI|email):/g, '') ?? subject.replaceAll('\n', ', ')
}
