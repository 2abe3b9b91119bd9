import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto'

/**
 * NKeys (`spec/nats.md` §4.3): Ed25519 keys, and X25519 ones for `curve`, written as base32 of
 *
 *     public key   kind | 32 bytes | CRC                          56 characters
 *     seed         S and kind in 10 bits, 6 of 0 | 32 bytes | CRC 58 characters
 *
 * where the bits of the kind are chosen so that the first letter (of a seed: the second) tells it. The signatures are
 * made and checked by node:crypto: tweetnacl, which the package @nats-io/nkeys uses, takes milliseconds for each.
 */
const KINDS = { operator: 14, server: 13, cluster: 2, account: 0, user: 20, curve: 23 } as const

export type NkeyKind = keyof typeof KINDS

const SEED = 18
const KEY_BYTES = 32
const CRC_BYTES = 2
const PUBLIC_KEY_LENGTH = 56
const SEED_LENGTH = 58
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** What stands before the bare bytes of a key in DER (RFC 8410 §4, §7); the last byte but three of the OID names the curve. */
const DER = {
  publicEd25519: Buffer.from('302a300506032b6570032100', 'hex'),
  privateEd25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
  privateX25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
}

/** The 32 bytes of a public key; `undefined` when `text` is none of that kind. */
export function publicKeyOf(text: string, kind: NkeyKind): Buffer | undefined {
  if (text.length !== PUBLIC_KEY_LENGTH) return undefined
  const bytes = checked(text)
  return bytes !== undefined && bytes[0] === KINDS[kind] << 3 ? bytes.subarray(1) : undefined
}

export function isPublicKey(text: string, kind: NkeyKind): boolean {
  return publicKeyOf(text, kind) !== undefined
}

/** Which kind of public key `text` is; `undefined` when it is none. */
export function kindOf(text: string): NkeyKind | undefined {
  return (Object.keys(KINDS) as NkeyKind[]).find((kind) => isPublicKey(text, kind))
}

/**
 * Whether `signature` is that of `data` by the holder of `publicKey`, which may be of any kind that signs.
 * It is base64url without padding or, as nats-server takes it too, base64 with padding.
 */
export function verifySignature(publicKey: string, data: string | Buffer, signature: string | Buffer): boolean {
  const kind = kindOf(publicKey)
  const bytes = typeof signature === 'string' ? signatureBytes(signature) : signature
  if (kind === undefined || kind === 'curve' || bytes === undefined) return false
  const key = createPublicKey({
    key: Buffer.concat([DER.publicEd25519, publicKeyOf(publicKey, kind) as Buffer]),
    format: 'der',
    type: 'spki',
  })
  return verify(null, Buffer.from(data), key, bytes)
}

/** A key that can sign, or for `curve` one that others can seal for. */
export class KeyPair {
  readonly kind: NkeyKind
  /** As text. */
  readonly publicKey: string
  /** As text. A secret. */
  readonly seed: string
  readonly #key: KeyObject

  private constructor(kind: NkeyKind, bytes: Buffer) {
    this.kind = kind
    this.seed = encode(Buffer.from([(SEED << 3) | (KINDS[kind] >> 2), (KINDS[kind] & 0b11) << 6]), bytes)
    const prefix = kind === 'curve' ? DER.privateX25519 : DER.privateEd25519
    this.#key = createPrivateKey({ key: Buffer.concat([prefix, bytes]), format: 'der', type: 'pkcs8' })
    const spki = createPublicKey(this.#key).export({ format: 'der', type: 'spki' })
    this.publicKey = encode(Buffer.from([KINDS[kind] << 3]), spki.subarray(-KEY_BYTES))
  }

  /** A new one of chance. */
  static create(kind: NkeyKind): KeyPair {
    return new KeyPair(kind, randomBytes(KEY_BYTES))
  }

  /** `undefined` when `seed` is none. */
  static fromSeed(seed: string): KeyPair | undefined {
    if (seed.length !== SEED_LENGTH) return undefined
    const bytes = checked(seed)
    if (bytes === undefined) return undefined
    const bits = bytes.readUInt16BE(0)
    const kind = (Object.keys(KINDS) as NkeyKind[]).find((name) => bits >> 6 === ((SEED << 5) | KINDS[name]))
    return kind === undefined ? undefined : new KeyPair(kind, bytes.subarray(2))
  }

  /** 64 bytes. Throws for a curve key, which cannot sign. */
  sign(data: string | Buffer): Buffer {
    return sign(null, Buffer.from(data), this.#key)
  }
}

const SIGNATURE_BYTES = 64
/** 86 characters hold 64 bytes; in the last of them two bits are left over, which say nothing. */
const SIGNATURE = /^(?:[\w-]{86}|[A-Za-z0-9+/]{86}==)$/

function signatureBytes(text: string): Buffer | undefined {
  if (!SIGNATURE.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === SIGNATURE_BYTES ? bytes : undefined
}

function encode(prefix: Buffer, key: Buffer): string {
  const bytes = Buffer.concat([prefix, key, Buffer.alloc(CRC_BYTES)])
  const crcAt = bytes.length - CRC_BYTES
  bytes.writeUInt16LE(crc16(bytes.subarray(0, crcAt)), crcAt)
  return base32(bytes)
}

/** The bytes of a key without its CRC; `undefined` when that or the text is wrong. */
function checked(text: string): Buffer | undefined {
  const bytes = fromBase32(text)
  if (bytes === undefined) return undefined
  const crcAt = bytes.length - CRC_BYTES
  return crc16(bytes.subarray(0, crcAt)) === bytes.readUInt16LE(crcAt) ? bytes.subarray(0, crcAt) : undefined
}

/** CRC-16/XMODEM: polynomial 0x1021, from 0. */
function crc16(bytes: Buffer): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1
  }
  return crc
}

/** RFC 4648 §6, without padding: as keys and the identifiers of JWTs are written. */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff
    for (held += 8; held >= 5; held -= 5) text += ALPHABET.charAt((bits >> (held - 5)) & 31)
  }
  return held === 0 ? text : text + ALPHABET.charAt((bits << (5 - held)) & 31)
}

function fromBase32(text: string): Buffer | undefined {
  const bytes = Buffer.alloc(Math.floor((text.length * 5) / 8))
  let at = 0
  let bits = 0
  let held = 0
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter)
    if (value === -1) return undefined
    bits = ((bits << 5) | value) & 0xfff
    held += 5
    if (held < 8) continue
    held -= 8
    bytes[at++] = (bits >> held) & 0xff
  }
  return bytes
}
