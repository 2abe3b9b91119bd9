import type { X509Certificate } from 'node:crypto'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { pinCheck, type TlsOptions } from '../tls.ts'
import {
  firstOfEachKind,
  handshakeRules,
  readAuthorities,
  readPairs,
  systemAuthorities,
  translated,
} from '../tls-files.ts'

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

/** Where there is no `tls {}` block. */
const DEFAULTS: ClientTlsOptions = {
  certificates: [],
  timeoutMs: 2_000,
  cipherSuites: [],
  curvePreferences: [],
  minVersion: 'TLSv1.2',
  pinnedCerts: [],
  handshakeFirst: false,
  isInsecure: false,
}

/**
 * Reads the files of a `tls {}` block and checks them; without one, TLS with the defaults. Rejects with a `ConfigError` in
 * nats-server's words, as `loadTls` does; the caller knows the place in the configuration.
 */
export async function readClientTls(options: ClientTlsOptions = DEFAULTS): Promise<ClientTlsSettings> {
  const pairs = firstOfEachKind(await readPairs(options.certificates))
  const authorities = options.caFile === undefined ? undefined : await readAuthorities(options.caFile)
  const rules = handshakeRules(options)
  const context = translated(() => {
    return createSecureContext({
      ...rules,
      // Node knows what NODE_EXTRA_CA_CERTS names as well, but asks nobody who names authorities.
      ca: authorities ?? [...systemAuthorities(), ...getCACertificates('extra')],
      // As in Go, whoever stands in `ca_file` is believed, though somebody else signed them.
      allowPartialTrustChain: true,
      ...(pairs.length > 0 && {
        cert: pairs.map(({ certificatePem }) => certificatePem),
        key: pairs.map(({ keyPem }) => keyPem),
      }),
    })
  })
  return Object.freeze({
    context,
    timeoutMs: options.timeoutMs,
    isInsecure: options.isInsecure,
    isPinned: pinCheck(options.pinnedCerts),
    handshakeFirst: options.handshakeFirst !== false,
  })
}
