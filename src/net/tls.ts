import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions } from 'node:tls'
import { getSystemErrorMessage } from 'node:util'
import { ConfigError } from '#kit'
import { certificateHash, publicKeyHash } from './certificate.ts'
import { opensslCiphers, opensslCurves } from './cipher-names.ts'

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
  /** Of each certificate, in the order of the options: a reload can tell by it that a file has become another. */
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
    minVersion: options.minVersion,
    ...(options.cipherSuites.length > 0 && { ciphers: opensslCiphers(options.cipherSuites) }),
    ...(options.curvePreferences.length > 0 && { ecdhCurve: opensslCurves(options.curvePreferences) }),
    ...(requiresClientCertificate && { ca: authorities ?? systemAuthorities() }),
  }
  const pins = new Set(options.pinnedCerts.map((pin) => pin.toLowerCase()))
  return Object.freeze({
    ...contexts(pairs, common),
    certificateHashes: pairs.map(({ certificate }) => certificateHash(certificate)),
    timeoutMs: options.timeoutMs,
    requiresClientCertificate,
    isPinned: (certificate: X509Certificate | undefined) =>
      pins.size === 0 || (certificate !== undefined && pins.has(publicKeyHash(certificate))),
    handshakeFirst: options.handshakeFirst,
    allowNonTls: options.allowNonTls,
  })
}

/** TLS with one certificate and defaults for the rest. Throws what OpenSSL has against the certificate. */
export function tlsFrom({ certificatePem, keyPem }: TlsMaterial): TlsSettings {
  const context = createSecureContext({ cert: certificatePem, key: keyPem, honorCipherOrder: true })
  return Object.freeze({
    context,
    contextFor: () => undefined,
    certificateHashes: [certificateHash(new X509Certificate(certificatePem))],
    timeoutMs: DEFAULT_TIMEOUT_MS,
    requiresClientCertificate: false,
    isPinned: () => true,
    handshakeFirst: false,
    allowNonTls: false,
  })
}

interface Pair extends TlsMaterial {
  readonly certificate: X509Certificate
  readonly keyType: string
}

/**
 * One context holds one certificate for each kind of key, the first of the list, and OpenSSL picks what the client
 * understands. A client that names a server gets those that are for that name, where there are any.
 */
function contexts(pairs: readonly Pair[], common: SecureContextOptions): Pick<TlsSettings, 'context' | 'contextFor'> {
  // Without it OpenSSL refuses to resume a session in which the client showed a certificate. A new one for each reload:
  // a session must not outlive the authorities that it was checked with.
  const sessionIdContext = randomBytes(16).toString('hex')
  const made = new Map<string, SecureContext>()
  const contextOf = (candidates: readonly Pair[]): SecureContext => {
    const chosen = candidates.filter((pair, i) => candidates.findIndex(({ keyType }) => keyType === pair.keyType) === i)
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

/** Good files can still be too weak for OpenSSL's security level, or name ciphers that it was built without. */
function translated<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`error parsing X509 certificate/key pair: ${reasonOf(error)}`, { cause: error })
  }
}

async function readPairs(files: TlsOptions['certificates']): Promise<readonly Pair[]> {
  const pairs: Pair[] = []
  for (const [i, { certFile, keyFile }] of files.entries()) {
    try {
      pairs.push(parsePair(await readText(certFile), await readText(keyFile)))
    } catch (error) {
      const which = files.length > 1 ? ` ${i + 1}/${files.length}` : ''
      throw new ConfigError(`error parsing X509 certificate/key pair${which}: ${reasonOf(error)}`, { cause: error })
    }
  }
  return pairs
}

/** Throws errors in the words of Go's `tls.X509KeyPair`. */
function parsePair(certificatePem: string, keyPem: string): Pair {
  const [pem] = pemBlocks(certificatePem, 'CERTIFICATE')
  if (pem === undefined) throw new Error(missingBlock(certificatePem, '"CERTIFICATE" PEM block in certificate input'))
  if (pemBlocks(keyPem, '(?:[A-Z]+ )?PRIVATE KEY').length === 0) {
    if (pemBlocks(keyPem, 'CERTIFICATE').length > 0) {
      throw new Error('tls: found a certificate rather than a key in the PEM for the private key')
    }
    throw new Error(missingBlock(keyPem, 'PEM block with type ending in "PRIVATE KEY" in key input'))
  }
  const certificate = new X509Certificate(pem)
  let key: KeyObject
  try {
    key = createPrivateKey(keyPem)
  } catch (error) {
    throw new Error('tls: failed to parse private key', { cause: error })
  }
  const publicKey = createPublicKey(key)
  if (publicKey.asymmetricKeyType !== certificate.publicKey.asymmetricKeyType) {
    throw new Error('tls: private key type does not match public key type')
  }
  if (!publicKey.equals(certificate.publicKey)) throw new Error('tls: private key does not match public key')
  return { certificatePem, keyPem, certificate, keyType: publicKey.asymmetricKeyType ?? '' }
}

function missingBlock(text: string, what: string): string {
  const types = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, type]) => type)
  const input = /certificate input/.test(what) ? 'certificate input' : 'key input'
  if (types.length === 0) return `tls: failed to find any PEM data in ${input}`
  if (input === 'certificate input' && types.length === 1 && types[0]?.endsWith('PRIVATE KEY')) {
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
  }
  return `tls: failed to find ${what} after skipping PEM blocks of the following types: [${types.join(' ')}]`
}

/** Those of the file's certificates that can be read, as in Go; an error when there are none. */
async function readAuthorities(file: string): Promise<string[]> {
  let text: string
  try {
    text = await readText(file)
  } catch (error) {
    throw new ConfigError(reasonOf(error), { cause: error })
  }
  const authorities = pemBlocks(text, 'CERTIFICATE').filter((pem) => {
    try {
      return new X509Certificate(pem).raw.length > 0
    } catch {
      return false
    }
  })
  if (authorities.length === 0) throw new ConfigError('failed to parse root ca certificate')
  return authorities
}

/** Node would take those that it was built with. */
function systemAuthorities(): string[] {
  const authorities = getCACertificates('system')
  return authorities.length > 0 ? authorities : getCACertificates('bundled')
}

function pemBlocks(text: string, type: string): string[] {
  return text.match(new RegExp(`-----BEGIN ${type}-----[\\s\\S]*?-----END ${type}-----`, 'g')) ?? []
}

function readText(file: string): Promise<string> {
  return readFile(file, 'latin1')
}

/** For what the system has against a file, Go's words: `open x.pem: no such file or directory`. */
function reasonOf(error: unknown): string {
  const { errno, syscall, path, message } = error as NodeJS.ErrnoException
  // Node opens a folder without complaint, and does not say which it was when reading fails.
  return errno === undefined ? message : `${syscall}${path ? ` ${path}` : ''}: ${getSystemErrorMessage(errno)}`
}
