import { InvalidValue, integerIn } from '../language/index.ts'
import { mustBe, type SettingType, type Source } from './setting-type.ts'

export interface Range {
  readonly min: number
  readonly max: number
  /** What is counted, for the documentation: `bytes`. */
  readonly unit?: string
}

/** A whole number from `min` to `max`, both included. */
export function integer({ min, max, unit }: Range): SettingType<number> {
  const inRange = (value: number | bigint, source: Source) => {
    const number = Number(value)
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new InvalidValue(mustBe(source, `a whole number from ${min} to ${max}`, value))
    }
    return number
  }
  return {
    description: `${unit === undefined ? 'whole number' : unit}, ${min} to ${max}`,

    fromText(text, source) {
      if (/^[+-]?\d+$/.test(text)) return inRange(Number(text), source)
      // As in Vaultwarden; see the booleans.
      source.warn(`${source.name} is ${JSON.stringify(text)}, which is no whole number, and has no effect`)
      return undefined
    },

    fromConfig: (value, source) => inRange(integerIn(value), source),
    fromProgram: inRange,
  }
}

/**
 * A number of bytes. Above int32 nats-server has a text of its own for those of its options that it keeps in an int32.
 */
export function bytes(range: { min: number; max: number }): SettingType<number> {
  const base = integer({ ...range, unit: 'bytes' })
  return {
    ...base,
    fromConfig(value, source) {
      if (range.max <= 2 ** 31 - 1 && integerIn(value) > 2n ** 31n - 1n) {
        throw new InvalidValue(`${source.name} value is too big`)
      }
      return base.fromConfig(value, source)
    },
  }
}

/** A number that is unlimited when it is 0, or less, as nats-server takes it. */
export function unlimited({ max }: { max: number }): SettingType<number> {
  const base = integer({ min: 0, max })
  return { ...base, fromConfig: (value, source) => (integerIn(value) < 0n ? 0 : base.fromConfig(value, source)) }
}

/** nats-server keeps it in a byte, and has texts of its own. */
export const subjectTokens: SettingType<number> = {
  ...integer({ min: 0, max: 255 }),
  description: 'whole number, 1 to 255',
  fromConfig(value, source) {
    const tokens = integerIn(value)
    if (tokens > 255n) throw new InvalidValue(`${source.name} value is too big`)
    if (tokens <= 0n) throw new InvalidValue(`${source.name} value can not be negative`)
    return Number(tokens)
  },
}

/** Of 1024 bytes. The most is Vaultwarden's. */
export const kilobytes = integer({ min: 0, max: Number.MAX_SAFE_INTEGER, unit: 'kilobytes' })
