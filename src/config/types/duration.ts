import {
  type ConfigValue,
  formatDuration,
  goFormat,
  goType,
  InvalidValue,
  integerIn,
  parseDuration,
  stringIn,
} from '../language/index.ts'
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
    fromText: (text, source) =>
      inRange(milliseconds(text, `${source.name}: `, ' (write one such as "3s" or "500ms")'), range, source),
    fromConfig(value, source) {
      if (value.kind === 'string')
        return inRange(milliseconds(value.value, `error parsing ${source.name}: `), range, source)
      const seconds = Number(integerIn(value, 'a duration, such as "2m"'))
      source.warn(`${source.name} should be converted to a duration (write "${seconds}s")`)
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

/** A duration that nats-server takes only as a text. `complaint` answers with its words for one below the range. */
export function strictDuration(range: DurationRange, complaint: (found: string) => string): SettingType<number> {
  const checked = (ms: number, found: string, source: Source) => {
    if (ms < range.minMs) throw new InvalidValue(complaint(found))
    return inRange(ms, range, source)
  }
  return {
    ...duration(range),
    fromConfig(value, source) {
      const ms = milliseconds(stringIn(value), `error parsing ${source.name}: `)
      return checked(ms, formatDuration(parseDuration(stringIn(value))), source)
    },
    fromProgram: (value, source) => checked(value, formatDuration(value), source),
  }
}

/** Seconds, also fractions of them, or a duration; `what` is parsed, in the words of nats-server's messages. */
export function secondsOrDuration(
  range: DurationRange,
  { what, warnAboveMs }: { what: string; warnAboveMs?: number },
): SettingType<number> {
  return {
    ...duration(range),
    description: `seconds, or ${SYNTAX}; ${describe(range)}`,
    fromConfig(value, source) {
      const ms = millisecondsIn(value, what)
      if (warnAboveMs !== undefined && ms > warnAboveMs) {
        source.warn(
          `timeout of ${goFormat(value)} (${(ms / 1000).toFixed(6)} seconds) is high, consider keeping it under ` +
            `${warnAboveMs / 1000} seconds. possibly caused by unquoted duration; use '1m' instead of 1m, for example`,
        )
      }
      return inRange(ms, range, source)
    },
  }
}

function millisecondsIn(value: ConfigValue, what: string): number {
  switch (value.kind) {
    case 'integer':
    case 'float':
      return Math.ceil(Number(value.value) * 1000)
    case 'string':
      return milliseconds(value.value, `error parsing ${what}, 'timeout' `)
    default:
      throw new InvalidValue(`error parsing ${what}, 'timeout' wrong type`)
  }
}

function milliseconds(text: string, prefix: string, hint = ''): number {
  try {
    // Up, so that nothing above zero becomes zero.
    return Math.ceil(parseDuration(text))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InvalidValue(prefix + error.message + hint)
  }
}

function inRange(value: number, { minMs, maxMs }: DurationRange, source: Source): number {
  if (Number.isInteger(value) && value >= minMs && value <= maxMs) return value
  throw new InvalidValue(mustBe(source, `from ${minMs} ms to ${maxMs} ms`, `${value} ms`))
}

function describe({ minMs, maxMs }: DurationRange): string {
  return `${minMs} ms to ${maxMs} ms`
}
