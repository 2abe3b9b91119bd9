import { type ConfigValue, goType, InvalidValue, integerIn, parseDuration } from '../language/index.ts'
import { mustBe, type SettingType, type Source } from './setting-type.ts'

export interface DurationRange {
  readonly minMs: number
  /** At most 2^31 - 1, which is what a timer takes: 24.8 days. */
  readonly maxMs: number
}

const SYNTAX = 'duration such as `"1m30s"` or `"500ms"`'

/** A length of time, kept in whole milliseconds. A number is taken as seconds, with nats-server's warning. */
export function duration(range: DurationRange): SettingType<number> {
  return {
    description: `${SYNTAX}, ${describe(range)}`,
    fromText: (text, source) => inRange(milliseconds(text, ''), range, source),
    fromConfig(value, source) {
      if (value.kind === 'string')
        return inRange(milliseconds(value.value, `error parsing ${source.name}: `), range, source)
      const seconds = Number(integerIn(value))
      source.warn(`${source.name} should be converted to a duration`)
      return inRange(seconds * 1000, range, source)
    },
    fromProgram: (value, source) => inRange(value, range, source),
  }
}

/** As `duration`, but nats-server takes seconds for this one without a warning and words its errors differently. */
export function handshakeTimeout(range: DurationRange): SettingType<number> {
  return {
    ...duration(range),
    description: `seconds, or ${SYNTAX}; ${describe(range)}`,
    fromConfig(value: ConfigValue, source: Source) {
      if (value.kind === 'integer') return inRange(Number(value.value) * 1000, range, source)
      if (value.kind === 'string') return inRange(milliseconds(value.value, ''), range, source)
      throw new InvalidValue(`error parsing handshake timeout: unsupported type ${goType(value)}`)
    },
  }
}

function milliseconds(text: string, prefix: string): number {
  try {
    // Up, so that nothing above zero becomes zero.
    return Math.ceil(parseDuration(text))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InvalidValue(prefix + error.message)
  }
}

function inRange(value: number, { minMs, maxMs }: DurationRange, source: Source): number {
  if (Number.isInteger(value) && value >= minMs && value <= maxMs) return value
  throw new InvalidValue(mustBe(source, `from ${minMs} ms to ${maxMs} ms`, `${value} ms`))
}

function describe({ minMs, maxMs }: DurationRange): string {
  return `${minMs} ms to ${maxMs} ms`
}
