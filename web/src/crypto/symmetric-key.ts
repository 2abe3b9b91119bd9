import { type Bytes, concat, fromBase64, fromText, randomBytes, toBase64, toText } from './bytes.ts'
import { expand } from './kdf.ts'

const KEY_BYTES = 64
const HALF_BYTES = KEY_BYTES / 2
const IV_BYTES = 16
const MAC_BYTES = 32
/** Of AES-256-CBC with HMAC-SHA256, in an EncString and in front of a file. */
const TYPE = 2

/** Something that was not encrypted with this key, was altered, or is of a kind that is not read here. */
export class DecryptionError extends Error {
  override name = 'DecryptionError'
}

/** Of WebCrypto: Node's types have no such name for it. */
type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

interface Halves {
  readonly aes: ImportedKey
  readonly hmac: ImportedKey
}

/**
 * A key of 64 bytes: the first half encrypts, the second authenticates. What it encrypts is an EncString of type 2,
 * `2.<iv>|<ciphertext>|<mac>` in base64; nothing is decrypted whose MAC is wrong. spec: vault §4.2, steps 5 and 10
 */
export class SymmetricKey {
  readonly #bytes: Bytes
  /** Made when it is needed first: of thousands of keys of items few are used at once. */
  #halves: Promise<Halves> | undefined

  /** Throws a `RangeError` for anything but 64 bytes. */
  constructor(bytes: Bytes) {
    if (bytes.length !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes, not ${bytes.length}`)
    this.#bytes = bytes
  }

  static random(): SymmetricKey {
    return new SymmetricKey(randomBytes(KEY_BYTES))
  }

  /** That of a master key, which protects the user key. spec: vault §4.2, step 4 */
  static async stretched(masterKey: Bytes): Promise<SymmetricKey> {
    return new SymmetricKey(concat(await expand(masterKey, 'enc'), await expand(masterKey, 'mac')))
  }

  /** The 64 bytes, to be encrypted with another key, and for nothing else. */
  get bytes(): Bytes {
    return this.#bytes
  }

  async encrypt(plain: string | Bytes): Promise<string> {
    const { iv, ciphertext, mac } = await this.#encrypt(typeof plain === 'string' ? fromText(plain) : plain)
    return `${TYPE}.${[iv, ciphertext, mac].map(toBase64).join('|')}`
  }

  /** Rejects with a `DecryptionError`. */
  async decryptBytes(encString: string): Promise<Bytes> {
    const parts = /^2\.([^|]+)\|([^|]+)\|([^|]+)$/.exec(encString)
    if (parts === null) throw new DecryptionError('It is not an EncString of type 2')
    let iv: Bytes, ciphertext: Bytes, mac: Bytes
    try {
      ;[iv, ciphertext, mac] = parts.slice(1).map(fromBase64) as [Bytes, Bytes, Bytes]
    } catch (cause) {
      throw new DecryptionError('It is not an EncString: a part is not base64', { cause })
    }
    return this.#decrypt(iv, ciphertext, mac)
  }

  /** Rejects with a `DecryptionError`. */
  async decryptText(encString: string): Promise<string> {
    return toText(await this.decryptBytes(encString))
  }

  /** The key that is protected by this one. Rejects with a `DecryptionError`. */
  async unwrap(encString: string): Promise<SymmetricKey> {
    const bytes = await this.decryptBytes(encString)
    if (bytes.length !== KEY_BYTES) throw new DecryptionError('What was protected is no key')
    return new SymmetricKey(bytes)
  }

  wrap(key: SymmetricKey): Promise<string> {
    return this.encrypt(key.bytes)
  }

  /** A file as it is stored: type, IV, MAC and ciphertext in a row. */
  async encryptFile(plain: Bytes): Promise<Bytes> {
    const { iv, ciphertext, mac } = await this.#encrypt(plain)
    return concat(Uint8Array.of(TYPE), iv, mac, ciphertext)
  }

  /** Rejects with a `DecryptionError`. */
  async decryptFile(file: Bytes): Promise<Bytes> {
    const start = 1 + IV_BYTES + MAC_BYTES
    if (file[0] !== TYPE || file.length <= start) throw new DecryptionError('It is not a file of type 2')
    return this.#decrypt(file.slice(1, 1 + IV_BYTES), file.slice(start), file.slice(1 + IV_BYTES, start))
  }

  async #encrypt(plain: Bytes): Promise<{ iv: Bytes; ciphertext: Bytes; mac: Bytes }> {
    const { aes, hmac } = await this.#imported()
    const iv = randomBytes(IV_BYTES)
    const ciphertext = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, aes, plain))
    const mac = new Uint8Array(await crypto.subtle.sign('HMAC', hmac, concat(iv, ciphertext)))
    return { iv, ciphertext, mac }
  }

  async #decrypt(iv: Bytes, ciphertext: Bytes, mac: Bytes): Promise<Bytes> {
    const { aes, hmac } = await this.#imported()
    // It compares in constant time.
    const isOurs = await crypto.subtle.verify('HMAC', hmac, mac, concat(iv, ciphertext))
    if (!isOurs || iv.length !== IV_BYTES) throw new DecryptionError('Wrong key, or altered')
    try {
      return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, aes, ciphertext))
    } catch (cause) {
      throw new DecryptionError('Its padding is wrong', { cause })
    }
  }

  #imported(): Promise<Halves> {
    this.#halves ??= importHalves(this.#bytes)
    return this.#halves
  }
}

async function importHalves(bytes: Bytes): Promise<Halves> {
  const [aes, hmac] = await Promise.all([
    crypto.subtle.importKey('raw', bytes.slice(0, HALF_BYTES), 'AES-CBC', false, ['encrypt', 'decrypt']),
    crypto.subtle.importKey('raw', bytes.slice(HALF_BYTES), { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
      'verify',
    ]),
  ])
  return { aes, hmac }
}
