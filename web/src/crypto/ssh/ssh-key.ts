/** SSH keys as items hold them, made here or read from what was pasted. */
import { type Bytes, concat, fromBase64, toBase64 } from '../bytes.ts'
import { publicBlobOf, readOpenSshKey, type SshKeyMaterial, writeOpenSshKey } from './openssh-key.ts'

export interface SshKeyTexts {
  /** A file of OpenSSH, PEM. */
  readonly privateKey: string
  /** As in `authorized_keys`, without a comment. */
  readonly publicKey: string
  /** `SHA256:` and what `ssh-keygen -l` says. */
  readonly keyFingerprint: string
}

export type SshKeyProblem =
  /** It is no private key, or a damaged one. */
  | 'unreadable'
  /** A passphrase protects it. */
  | 'encrypted'
  /** Neither Ed25519 nor RSA, or the browser does not know it. */
  | 'unsupported'

export class SshKeyError extends Error {
  override name = 'SshKeyError'
  readonly problem: SshKeyProblem

  constructor(problem: SshKeyProblem, options?: ErrorOptions) {
    super(`The SSH key is ${problem}`, options)
    this.problem = problem
  }
}

/** `CryptoKey`, a name that only browsers' types have. */
type PrivateKey = Parameters<typeof crypto.subtle.exportKey>[1]

const ED25519 = { name: 'Ed25519' } as const
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const
const TYPES = ['ssh-ed25519', 'ssh-rsa']

/** A new Ed25519 key. Rejects with an `SshKeyError`, `unsupported`, where the browser makes none. */
export async function makeSshKey(): Promise<SshKeyTexts> {
  try {
    const pair = await crypto.subtle.generateKey(ED25519, true, ['sign', 'verify'])
    // What is asked for by its name alone may be one key or two, say the types.
    return await textsOf(await materialOf((pair as { privateKey: PrivateKey }).privateKey))
  } catch (cause) {
    throw new SshKeyError('unsupported', { cause })
  }
}

/** The key in a PEM file: OpenSSH's, PKCS#8 or PKCS#1. Rejects with an `SshKeyError`. */
export async function readSshKey(pem: string): Promise<SshKeyTexts> {
  const [, label, content = ''] = /-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/s.exec(pem) ?? []
  const body = content.replaceAll(/\s/g, '')
  if (label === 'ENCRYPTED PRIVATE KEY' || content.includes('ENCRYPTED')) throw new SshKeyError('encrypted')
  switch (label) {
    case 'OPENSSH PRIVATE KEY':
      return readOpenSsh(body)
    case 'PRIVATE KEY':
      return textsOf(await readPkcs8(bytesOf(body)))
    case 'RSA PRIVATE KEY':
      return textsOf(await readPkcs8(asPkcs8(bytesOf(body))))
    case 'EC PRIVATE KEY':
    case 'DSA PRIVATE KEY':
      throw new SshKeyError('unsupported')
    default:
      throw new SshKeyError('unreadable')
  }
}

async function readOpenSsh(body: string): Promise<SshKeyTexts> {
  const { isEncrypted, type, publicBlob } = orUnreadable(() => readOpenSshKey(body))
  if (!TYPES.includes(type)) throw new SshKeyError('unsupported')
  if (isEncrypted) throw new SshKeyError('encrypted')
  const lines = body.match(/.{1,70}/g) ?? []
  const file = ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', '']
  return { privateKey: file.join('\n'), ...(await publicTextsOf(type, publicBlob)) }
}

async function readPkcs8(bytes: Bytes): Promise<SshKeyMaterial> {
  // OIDs: 1.3.101.112 and 1.2.840.113549.1.1.1. They stand near the beginning, and WebCrypto wants to know before it reads.
  const hex = Array.from(bytes.subarray(0, 32), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const algorithm = hex.includes('06032b6570') ? ED25519 : hex.includes('06092a864886f70d010101') ? RSA : undefined
  if (!algorithm) throw new SshKeyError(hex.startsWith('30') ? 'unsupported' : 'unreadable')
  try {
    return await materialOf(await crypto.subtle.importKey('pkcs8', bytes, algorithm, true, ['sign']))
  } catch (cause) {
    const isUnknown = cause instanceof DOMException && cause.name === 'NotSupportedError'
    throw new SshKeyError(isUnknown ? 'unsupported' : 'unreadable', { cause })
  }
}

async function materialOf(key: PrivateKey): Promise<SshKeyMaterial> {
  const jwk = await crypto.subtle.exportKey('jwk', key)
  const number = (name: 'x' | 'd' | 'n' | 'e' | 'p' | 'q' | 'qi') => fromBase64(jwk[name] ?? '')
  if (jwk.kty === 'OKP') return { type: 'ssh-ed25519', seed: number('d'), publicKey: number('x') }
  const numbers = { n: number('n'), e: number('e'), d: number('d'), p: number('p'), q: number('q'), qi: number('qi') }
  return { type: 'ssh-rsa', ...numbers }
}

async function textsOf(key: SshKeyMaterial): Promise<SshKeyTexts> {
  return { privateKey: writeOpenSshKey(key), ...(await publicTextsOf(key.type, publicBlobOf(key))) }
}

async function publicTextsOf(type: string, blob: Bytes): Promise<Omit<SshKeyTexts, 'privateKey'>> {
  const digest = toBase64(new Uint8Array(await crypto.subtle.digest('SHA-256', blob)))
  return { publicKey: `${type} ${toBase64(blob)}`, keyFingerprint: `SHA256:${digest.replace(/=+$/, '')}` }
}

/** PKCS#1 inside of PKCS#8. RFC 5208 §5: version 0, rsaEncryption, the key. */
function asPkcs8(pkcs1: Bytes): Bytes {
  const algorithm = Uint8Array.of(0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0)
  const content = concat(Uint8Array.of(2, 1, 0), algorithm, der(0x04, pkcs1))
  return der(0x30, content)
}

/** Two bytes of length are enough for any key there is. */
function der(tag: number, content: Uint8Array): Bytes {
  return concat(Uint8Array.of(tag, 0x82, content.length >> 8, content.length & 0xff), content)
}

const bytesOf = (base64: string): Bytes => orUnreadable(() => fromBase64(base64))

function orUnreadable<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new SshKeyError('unreadable', { cause })
  }
}
