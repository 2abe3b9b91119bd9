import { randomBytes, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { certificateHash, publicKeyHash } from './certificate.ts'
import {
  firstOfEachKind,
  handshakeRules,
  type Pair,
  readAuthorities,
  readPairs,
  systemAuthorities,
  translated,
} from './tls-files.ts'

/** `tls {}` of a listener. (`spec/nats.md` §1.4) */
export interface TlsOptions {
  /**
   * Which of them is shown depends on the name that the client asks for. PEM files. Without one no handshake succeeds:
   * clients are only told of TLS, which a proxy in front of the server does.
   */
  readonly certificates: readonly { readonly certFile: string; readonly keyFile: string }[]
  /** Authorities of client certificates, PEM; `undefined`: those of the system. */
  readonly caFile?: string | undefined
  /** Whether clients must show a certificate that an authority signed. */
  readonly verify: boolean
  /** As `verify`, and the certificate says who the user is. */
  readonly verifyAndMap: boolean
  /** How long a handshake may take. */
  readonly timeoutMs: number
  /** By Go's names, as `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`; empty: the library's own choice. */
  readonly cipherSuites: readonly string[]
  /** By Go's names, as `CurveP256`; empty: the library's own choice. */
  readonly curvePreferences: readonly string[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** SHA-256 of the DER SubjectPublicKeyInfo of the client certificates that are let in, lower-case hex; empty: any. */
  readonly pinnedCerts: readonly string[]
  /** Whether the handshake comes before INFO; a number: if the client begins it within so many milliseconds. */
  readonly handshakeFirst: boolean | number
  /** Whether clients may go on without TLS. */
  readonly allowNonTls: boolean
}

/** A certificate chain and its key, in PEM. */
export interface TlsMaterial {
  readonly certificatePem: string
  readonly keyPem: string
}

/**
 * How a listener does TLS, ready for handshakes. Never changes: a reload makes a new one, with which handshakes from
 * then on are done, while connections that have theirs behind them go on.
 */
export interface TlsSettings {
  /** For a client that names no server, or one that no certificate is for. */
  readonly context: SecureContext
  /** `undefined` where no certificate is for that name. */
  contextFor(serverName: string): SecureContext | undefined
  /** In the order of the options, each without its chain. */
  readonly certificates: readonly X509Certificate[]
  /** Of each certificate, in the same order: a reload can tell by it that a file has become another. */
  readonly certificateHashes: readonly string[]
  /** Milliseconds that a handshake may take. */
  readonly timeoutMs: number
  readonly requiresClientCertificate: boolean
  /** Whether a client with this certificate may come in; where nothing is pinned, also one without. */
  isPinned(certificate: X509Certificate | undefined): boolean
  /** Whether the handshake comes before the server says anything; a number: if it begins within so many milliseconds. */
  readonly handshakeFirst: boolean | number
  /** Whether clients may go on without TLS. */
  readonly allowNonTls: boolean
}

/** How long a handshake may take where nobody said. */
const DEFAULT_TIMEOUT_MS = 2_000

/**
 * Reads the files and checks them. Rejects with a `ConfigError` in nats-server's words, which people look up; the
 * caller knows the place in the configuration.
 */
export async function loadTls(options: TlsOptions): Promise<TlsSettings> {
  const pairs = await readPairs(options.certificates)
  const requiresClientCertificate = options.verify || options.verifyAndMap
  const authorities = options.caFile === undefined ? undefined : await readAuthorities(options.caFile)
  const common = {
    honorCipherOrder: true,
    ...handshakeRules(options),
    ...(requiresClientCertificate && { ca: authorities ?? systemAuthorities() }),
  }
  return Object.freeze({
    ...contexts(pairs, common),
    certificates: pairs.map(({ certificate }) => certificate),
    certificateHashes: pairs.map(({ certificate }) => certificateHash(certificate)),
    timeoutMs: options.timeoutMs,
    requiresClientCertificate,
    isPinned: pinCheck(options.pinnedCerts),
    handshakeFirst: options.handshakeFirst,
    allowNonTls: options.allowNonTls,
  })
}

/** Whether a certificate is among those that are pinned; where none is, whatever is shown. */
export function pinCheck(pinnedCerts: readonly string[]): (certificate: X509Certificate | undefined) => boolean {
  const pins = new Set(pinnedCerts.map((pin) => pin.toLowerCase()))
  return (certificate) => pins.size === 0 || (certificate !== undefined && pins.has(publicKeyHash(certificate)))
}

/** TLS with one certificate and defaults for the rest. Throws what OpenSSL has against the certificate. */
export function tlsFrom({ certificatePem, keyPem }: TlsMaterial): TlsSettings {
  const context = createSecureContext({ cert: certificatePem, key: keyPem, honorCipherOrder: true })
  const certificate = new X509Certificate(certificatePem)
  return Object.freeze({
    context,
    contextFor: () => undefined,
    certificates: [certificate],
    certificateHashes: [certificateHash(certificate)],
    timeoutMs: DEFAULT_TIMEOUT_MS,
    requiresClientCertificate: false,
    isPinned: () => true,
    handshakeFirst: false,
    allowNonTls: false,
  })
}

/** A client that names a server gets certificates that are for that name, where there are any. */
function contexts(pairs: readonly Pair[], common: SecureContextOptions): Pick<TlsSettings, 'context' | 'contextFor'> {
  // Without it OpenSSL refuses to resume a session in which the client showed a certificate. A new one for each reload:
  // a session must not outlive the authorities that it was checked with.
  const sessionIdContext = randomBytes(16).toString('hex')
  const made = new Map<string, SecureContext>()
  const contextOf = (candidates: readonly Pair[]): SecureContext => {
    const chosen = firstOfEachKind(candidates)
    // As many as there are sets of certificates with a name in common.
    const id = chosen.map((pair) => pairs.indexOf(pair)).join()
    let context = made.get(id)
    if (context === undefined) {
      const cert = chosen.map(({ certificatePem }) => certificatePem)
      context = createSecureContext({ ...common, cert, key: chosen.map(({ keyPem }) => keyPem), sessionIdContext })
      made.set(id, context)
    }
    return context
  }
  const context = translated(() => {
    for (const pair of pairs) contextOf([pair])
    return contextOf(pairs)
  })
  return {
    context,
    contextFor(serverName) {
      const named = pairs.filter(({ certificate }) => certificate.checkHost(serverName) !== undefined)
      return named.length === 0 ? undefined : contextOf(named)
    },
  }
}
