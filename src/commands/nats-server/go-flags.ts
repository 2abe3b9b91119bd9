/** What a flag takes: `boolean` flags stand alone or have `=value`, all others take the next argument. */
export type FlagKind = 'boolean' | 'integer' | 'string'

export type FlagValue = boolean | number | string

/** A mistake in the arguments, in the words of Go's flag package; the usage follows it. */
export class FlagError extends Error {
  override name = 'FlagError'
}

/** In the order of the arguments: a later one counts for more. */
export interface ParsedFlags {
  readonly flags: readonly (readonly [name: string, value: FlagValue])[]
  /** From the first argument on that is no flag. */
  readonly rest: readonly string[]
}

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True']
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False']

/** Integers as Go writes them: a base by its prefix (`010` is octal), `_` between digits after a prefix. */
const INTEGER = /^[+-]?(?:0[xX](?:_?[\da-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)$/
const MAX_INT64 = 2n ** 63n

/**
 * Parses arguments as Go's flag package does: one dash or two, `-flag=value` or `-flag value`, `--` or the first
 * argument without a dash ends it.
 *
 * @throws FlagError
 */
export function parseGoFlags(args: readonly string[], kinds: ReadonlyMap<string, FlagKind>): ParsedFlags {
  const flags: [string, FlagValue][] = []
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!
    if (argument === '--') return { flags, rest: args.slice(at + 1) }
    if (!argument.startsWith('-') || argument === '-') return { flags, rest: args.slice(at) }

    const text = argument.replace(/^--?/, '')
    if (text.startsWith('-') || text.startsWith('=')) throw new FlagError(`bad flag syntax: ${argument}`)
    const equals = text.indexOf('=')
    const name = equals === -1 ? text : text.slice(0, equals)
    let value = equals === -1 ? undefined : text.slice(equals + 1)

    const kind = kinds.get(name)
    if (kind === undefined) throw new FlagError(`flag provided but not defined: -${name}`)
    if (kind === 'boolean') value ??= 'true'
    else if (value === undefined) {
      at++
      value = args[at]
      if (value === undefined) throw new FlagError(`flag needs an argument: -${name}`)
    }
    flags.push([name, parsedValue(kind, name, value)])
  }
  return { flags, rest: [] }
}

function parsedValue(kind: FlagKind, name: string, text: string): FlagValue {
  switch (kind) {
    case 'boolean':
      if (TRUE.includes(text)) return true
      if (FALSE.includes(text)) return false
      throw new FlagError(`invalid boolean value ${JSON.stringify(text)} for -${name}: parse error`)
    case 'integer':
      return integerOf(name, text)
    case 'string':
      return text
  }
}

function integerOf(name: string, text: string): number {
  const invalid = (why: string) => new FlagError(`invalid value ${JSON.stringify(text)} for flag -${name}: ${why}`)
  if (!INTEGER.test(text)) throw invalid('parse error')
  const digits = text.replace(/^[+-]/, '').replaceAll('_', '')
  // A leading zero alone means octal, which only Go's own prefix says to BigInt.
  const magnitude = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits)
  const value = text.startsWith('-') ? -magnitude : magnitude
  if (value >= MAX_INT64 || value < -MAX_INT64) throw invalid('value out of range')
  return Number(value)
}
