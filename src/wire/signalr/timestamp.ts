import { ExtensionCodec } from '@msgpack/msgpack'

const TIMESTAMP_TYPE = -1
/** The 64-bit form holds seconds in 34 bits: until the year 2514. */
const MAX_SECONDS_OF_64_BIT_FORM = 2 ** 34 - 1

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/

/** A moment, finer than a `Date`: MessagePack has a form of its own for it, in JSON it is text of RFC 3339. */
export class Timestamp {
  /** Whole seconds since the Unix epoch, rounded down. */
  readonly seconds: number
  /** 0 to 999,999,999; counts forwards also before the epoch. */
  readonly nanoseconds: number

  constructor(seconds: number, nanoseconds: number) {
    this.seconds = seconds
    this.nanoseconds = nanoseconds
  }

  /** Undefined when the text is not a date and time of RFC 3339. Digits beyond nanoseconds are dropped. */
  static parse(text: string): Timestamp | undefined {
    const match = RFC_3339.exec(text)
    if (match === null) return undefined
    const [, day, time, fraction = '', zone] = match
    const milliseconds = Date.parse(`${day}T${time}${zone!.toUpperCase()}`)
    if (Number.isNaN(milliseconds)) return undefined
    return new Timestamp(milliseconds / 1000, Number(fraction.slice(0, 9).padEnd(9, '0')))
  }

  /** RFC 3339 in UTC, with as many digits as the fraction needs: none for whole seconds. */
  toJSON(): string {
    const seconds = new Date(this.seconds * 1000).toISOString().slice(0, -'.000Z'.length)
    if (this.nanoseconds === 0) return `${seconds}Z`
    return `${seconds}.${String(this.nanoseconds).padStart(9, '0').replace(/0+$/, '')}Z`
  }
}

/**
 * Writes timestamps in the 64-bit form whenever they fit, as Vaultwarden does, although the 32-bit form would be
 * shorter for whole seconds: it is what all released apps have been reading for years. Reads all three forms, as
 * `Date`. spec: hub §3.3
 */
export const timestamps = new ExtensionCodec()
const readAnyForm = ExtensionCodec.defaultCodec
timestamps.register({
  type: TIMESTAMP_TYPE,
  encode: (value: unknown) => (value instanceof Timestamp ? encodeTimestamp(value) : null),
  decode: (data: Uint8Array, type: number) => readAnyForm.decode(data, type, undefined),
})

function encodeTimestamp({ seconds, nanoseconds }: Timestamp): Uint8Array {
  if (seconds >= 0 && seconds <= MAX_SECONDS_OF_64_BIT_FORM) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE((BigInt(nanoseconds) << 34n) | BigInt(seconds))
    return bytes
  }
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(nanoseconds)
  bytes.writeBigInt64BE(BigInt(seconds), 4)
  return bytes
}
