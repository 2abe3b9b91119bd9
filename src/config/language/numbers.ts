import { ConfigError } from '#kit'
import type { ConfigValue } from './nodes.ts'
import { formatPosition, type Position } from './position.ts'
import type { Scanner } from './scanner.ts'

/**
 * Reads an integer, a float, a date or an address such as `127.0.0.1:4222`. `undefined`, with nothing taken, when what
 * begins like a number turns out to be bare text: `10s`, `12abc`.
 */
export function numberLike(scanner: Scanner, position: Position): ConfigValue | undefined {
  if (scanner.lookAhead(/-/y) !== '') requireDigitAfterMinus(scanner)
  else if (scanner.lookAhead(/\d/y) === '') return undefined

  if (scanner.lookAhead(/\d{4}-/y) !== '') return { kind: 'date', value: date(scanner, position), position }
  if (scanner.take(/\d+(?=-)/y) !== '') scanner.fail('All ISO8601 dates must be in full Zulu form.')
  if (scanner.lookAhead(/-?\d+\./y) !== '') return floatOrAddress(scanner, position)
  const text = scanner.take(/-?\d+[kmgtpe][bi]*(?=[\n\r}\];, \t\d]|$)/iy) || scanner.take(INTEGER)
  return text === '' ? undefined : { kind: 'integer', value: integer(text, position), position }
}

// What follows a negative integer is judged as the end of a value; a positive one goes on as bare text instead.
// nats-server does not let `]` end a number, so that `[1,2]` fails there: surely unintended.
const INTEGER = /-\d+(?![\dkmgtpe])|\d+(?=[\n\r}\];, \t]|$)/iy

function requireDigitAfterMinus(scanner: Scanner): void {
  if (scanner.lookAhead(/-\d/y) !== '') return
  scanner.take(/-/y)
  if (scanner.next === '.') scanner.fail("Floats must start with a digit, not '.'.")
  scanner.fail(`Expected a digit but got '${scanner.shownNext}'.`)
}

function floatOrAddress(scanner: Scanner, position: Position): ConfigValue {
  const whole = scanner.take(/-?\d+\./y)
  if (scanner.lookAhead(/\d/y) === '') {
    scanner.fail(`Floats must have a digit after the '.', but got '${scanner.shownNext}' instead.`)
  }
  const text = whole + scanner.take(/\d+/y)
  if (scanner.next === '.') return { kind: 'string', value: text + scanner.take(/[\d.:-]+/y), position }
  const value = Number(text)
  if (!Number.isFinite(value))
    throw new ConfigError(`float '${text}' is out of the range (${formatPosition(position)})`)
  return { kind: 'float', value, position }
}

const SUFFIXES: ReadonlyMap<string, bigint> = new Map(
  [...'kmgtpe'].flatMap((letter, index) => {
    const power = BigInt(index + 1)
    const binary = 1024n ** power
    return [
      [letter, 1000n ** power],
      [`${letter}b`, binary],
      [`${letter}i`, binary],
      [`${letter}ib`, binary],
    ]
  }),
)

/** Stored as int64 by nats-server, which lets a suffix overflow it silently; here that is out of range as well. */
function integer(text: string, position: Position): bigint {
  const [, digits = '', suffix = ''] = /^(-?\d+)(.*)$/.exec(text)!
  const factor = suffix === '' ? 1n : SUFFIXES.get(suffix.toLowerCase())
  // nats-server drops the whole key without a word.
  if (factor === undefined) throw new ConfigError(`expected integer, but got '${text}' (${formatPosition(position)})`)
  const value = BigInt(digits) * factor
  if (BigInt.asIntN(64, value) !== value) {
    throw new ConfigError(`integer '${text}' is out of the range (${formatPosition(position)})`)
  }
  return value
}

/** One letter a character of `YYYY-MM-DDThh:mm:ssZ`; `0` is any digit, everything else itself. */
const DATE_AFTER_YEAR = '00-00T00:00:00Z'

function date(scanner: Scanner, position: Position): Date {
  let text = scanner.take(/\d{4}-/y)
  for (const expected of DATE_AFTER_YEAR) {
    const found = scanner.shownNext
    if (expected === '0' && !/^\d$/.test(found)) {
      scanner.fail(`Expected digit in ISO8601 datetime, but found '${found}' instead.`)
    }
    if (expected !== '0' && expected !== found) {
      scanner.fail(`Expected '${expected}' in ISO8601 datetime, but found '${found}' instead.`)
    }
    text += scanner.take(/./y)
  }
  const value = new Date(text)
  // `Date` rolls 31 February over to March.
  if (Number.isNaN(value.getTime()) || !value.toISOString().startsWith(text.slice(0, -1))) {
    throw new ConfigError(`expected Zulu formatted DateTime, but got '${text}' (${formatPosition(position)})`)
  }
  return value
}
