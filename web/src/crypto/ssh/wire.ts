/** How SSH writes things down. RFC 4251 §5 */
import { type Bytes, concat, fromText, toText } from '../bytes.ts'

/** The bytes end before what they say is in them. */
export class SshWireError extends Error {
  override name = 'SshWireError'
}

/** `uint32`, big-endian. */
export function writeUint32(value: number): Bytes {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** `string`: its length before it. */
export function writeString(value: string | Uint8Array): Bytes {
  const bytes = typeof value === 'string' ? fromText(value) : value
  return concat(writeUint32(bytes.length), bytes)
}

/** `mpint` of a number that is not negative, big-endian: as short as it can be, and no sign bit. */
export function writeMpint(magnitude: Uint8Array): Bytes {
  const start = magnitude.findIndex((byte) => byte !== 0)
  const digits = start === -1 ? new Uint8Array() : magnitude.subarray(start)
  const sign = (digits[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array()
  return writeString(concat(sign, digits))
}

/** Reads from the front. Each method throws an `SshWireError` when too little is left. */
export class SshReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  uint32(): number {
    const bytes = this.take(4)
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  }

  string(): Bytes {
    return this.take(this.uint32())
  }

  text(): string {
    return toText(this.string())
  }

  /** A copy of the next so many bytes. */
  take(length: number): Bytes {
    if (length > this.#bytes.length - this.#at) throw new SshWireError('The bytes end too early')
    this.#at += length
    return this.#bytes.slice(this.#at - length, this.#at)
  }
}
