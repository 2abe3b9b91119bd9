/** What a `tls {}` block names: certificates, keys and authorities, read and checked as Go does it. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { getCACertificates, type SecureContextOptions } from 'node:tls'
import { getSystemErrorMessage } from 'node:util'
import { ConfigError } from '#kit'
import { opensslCiphers, opensslCurves } from './cipher-names.ts'
import { readPemFile } from './pem-file.ts'
import type { TlsMaterial, TlsOptions } from './tls.ts'

/** A certificate chain that belongs to its key. */
export interface Pair extends TlsMaterial {
  readonly certificate: X509Certificate
  readonly keyType: string
}

/** What the options say of the handshake itself. Throws a `ConfigError` for a name that Go does not know. */
export function handshakeRules(
  options: Pick<TlsOptions, 'minVersion' | 'cipherSuites' | 'curvePreferences'>,
): SecureContextOptions {
  return {
    minVersion: options.minVersion,
    ...(options.cipherSuites.length > 0 && { ciphers: opensslCiphers(options.cipherSuites) }),
    ...(options.curvePreferences.length > 0 && { ecdhCurve: opensslCurves(options.curvePreferences) }),
  }
}

/** The first of each kind of key: as many as one context holds, of which OpenSSL picks what the other side understands. */
export function firstOfEachKind(pairs: readonly Pair[]): readonly Pair[] {
  return pairs.filter((pair, i) => pairs.findIndex(({ keyType }) => keyType === pair.keyType) === i)
}

/** Good files can still be too weak for OpenSSL's security level, or name ciphers that it was built without. */
export function translated<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`error parsing X509 certificate/key pair: ${reasonOf(error)}`, { cause: error })
  }
}

/** Rejects with a `ConfigError` in the words of nats-server. */
export async function readPairs(files: TlsOptions['certificates']): Promise<readonly Pair[]> {
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
export async function readAuthorities(file: string): Promise<string[]> {
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
export function systemAuthorities(): string[] {
  const authorities = getCACertificates('system')
  return authorities.length > 0 ? authorities : getCACertificates('bundled')
}

function pemBlocks(text: string, type: string): string[] {
  return text.match(new RegExp(`-----BEGIN ${type}-----[\\s\\S]*?-----END ${type}-----`, 'g')) ?? []
}

async function readText(file: string): Promise<string> {
  return (await readPemFile(file)).toString('latin1')
}

/** For what the system has against a file, Go's words: `open x.pem: no such file or directory`. */
function reasonOf(error: unknown): string {
  const { errno, syscall, path, message } = error as NodeJS.ErrnoException
  // Node opens a folder without complaint, and does not say which it was when reading fails.
  return errno === undefined ? message : `${syscall}${path ? ` ${path}` : ''}: ${getSystemErrorMessage(errno)}`
}
