/** The file format of OpenSSH's private keys: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
import { type Bytes, concat, fromBase64, fromText, randomBytes, toBase64, toText } from '../bytes.ts'
import { SshReader, writeMpint, writeString, writeUint32 } from './wire.ts'

const MAGIC = 'openssh-key-v1\0'
const NONE = 'none'
/** What is encrypted with nothing is padded all the same. */
const BLOCK = 8
const LINE = 70

/** What a key consists of, whatever it was written in. Numbers are big-endian. */
export type SshKeyMaterial =
  | { readonly type: 'ssh-ed25519'; readonly seed: Uint8Array; readonly publicKey: Uint8Array }
  | ({ readonly type: 'ssh-rsa' } & Readonly<Record<'n' | 'e' | 'd' | 'qi' | 'p' | 'q', Uint8Array>>)

/** The public key as it goes over the wire. RFC 4253 §6.6; RFC 8709 §4 */
export function publicBlobOf(key: SshKeyMaterial): Bytes {
  const type = writeString(key.type)
  if (key.type === 'ssh-ed25519') return concat(type, writeString(key.publicKey))
  return concat(type, writeMpint(key.e), writeMpint(key.n))
}

/** The file, unencrypted, without a comment. */
export function writeOpenSshKey(key: SshKeyMaterial): string {
  const check = randomBytes(4)
  const secrets = concat(check, check, writeString(key.type), ...privateParts(key), writeString(''))
  const padding = Uint8Array.from({ length: -secrets.length & (BLOCK - 1) }, (_, index) => index + 1)
  const file = concat(
    ...[fromText(MAGIC), writeString(NONE), writeString(NONE), writeString(''), writeUint32(1)],
    ...[writeString(publicBlobOf(key)), writeString(concat(secrets, padding))],
  )
  const lines = toBase64(file).match(new RegExp(`.{1,${LINE}}`, 'g')) ?? []
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n')
}

function privateParts(key: SshKeyMaterial): Bytes[] {
  if (key.type === 'ssh-rsa') return [key.n, key.e, key.d, key.qi, key.p, key.q].map(writeMpint)
  return [writeString(key.publicKey), writeString(concat(key.seed, key.publicKey))]
}

/** What such a file says of its public key, and whether a passphrase protects the other one. */
export interface OpenSshKeyFile {
  readonly isEncrypted: boolean
  readonly type: string
  readonly publicBlob: Bytes
}

/** Throws for what is no such file, or is damaged: an `SshWireError` or an `Error`. `body`: base64. */
export function readOpenSshKey(body: string): OpenSshKeyFile {
  const reader = new SshReader(fromBase64(body))
  if (toText(reader.take(MAGIC.length)) !== MAGIC) throw new Error('It is no key of OpenSSH')
  const cipher = reader.text()
  reader.string()
  reader.string()
  if (reader.uint32() !== 1) throw new Error('It does not hold one key')
  const publicBlob = reader.string()
  const type = new SshReader(publicBlob).text()
  const isEncrypted = cipher !== NONE
  if (!isEncrypted) checkSecrets(new SshReader(reader.string()), publicBlob)
  return { isEncrypted, type, publicBlob }
}

/** The two halves of a file belong together, and nothing of it was lost on the way. */
function checkSecrets(secrets: SshReader, publicBlob: Bytes): void {
  const check = secrets.uint32()
  if (secrets.uint32() !== check) throw new Error('The private key is damaged')
  const type = secrets.text()
  const [first, second] = [secrets.string(), secrets.string()]
  // RSA has its modulus first here, and its exponent first in the public key.
  const parts = type === 'ssh-rsa' ? [second, first] : [first]
  if (type === 'ssh-ed25519' && !isEqual(second.subarray(32), first)) throw new Error('The private key is damaged')
  if (type !== 'ssh-rsa' && type !== 'ssh-ed25519') return
  const expected = concat(writeString(type), ...parts.map(writeString))
  if (!isEqual(expected, publicBlob)) throw new Error('The public key is that of another private key')
  // Of RSA the rest has to be there: d, its inverse, and the two primes.
  if (type === 'ssh-rsa') for (let part = 0; part < 4; part++) secrets.string()
}

const isEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index])
