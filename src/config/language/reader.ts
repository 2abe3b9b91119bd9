import { nearest } from '../nearest.ts'
import { goType } from './go-format.ts'
import type { ConfigEntry, ConfigMap, ConfigValue } from './nodes.ts'
import { formatPosition, type Position } from './position.ts'

/** What is wrong with a value, as a sentence. Whoever read the value knows its place and puts it in front. */
export class InvalidValue extends Error {
  override name = 'InvalidValue'
  /** When it is not the value of the key that is wrong but something inside it. */
  readonly position: Position | undefined

  constructor(message: string, position?: Position) {
    super(message)
    this.position = position
  }
}

/** Collects what is to be said, so that all of it can be said at once. Every line is ready to be shown. */
export class Problems {
  readonly errors: string[] = []
  readonly warnings: string[] = []
  /** What is right for nats-server, but not served by this version of Belfry: an error when it is to run. */
  readonly refusals: string[] = []
  /** What nats-server has no word about: settings that Belfry has no use for. */
  readonly remarks: string[] = []

  error(line: string): void {
    this.errors.push(line)
  }

  warning(line: string): void {
    this.warnings.push(line)
  }

  errorAt(position: Position, reason: string): void {
    this.error(`${formatPosition(position)}: ${reason}`)
  }

  /** For what nats-server says without a place: behind it, where tools that compare lines do not stumble over it. */
  errorWithPlace(reason: string, position: Position): void {
    this.error(`${reason} (${formatPosition(position)})`)
  }

  /** nats-server's form of a warning: the field works, but should be written differently. */
  warningAt(position: Position, field: string, reason: string): void {
    this.warning(`${formatPosition(position)}: invalid use of field ${JSON.stringify(field)}: ${reason}`)
  }

  refuseAt(position: Position, what: string): void {
    this.refusals.push(`${formatPosition(position)}: ${what} not supported by this version of Belfry`)
  }

  remarkAt(position: Position, line: string): void {
    this.remarks.push(`${formatPosition(position)}: ${line}`)
  }
}

/** By lower-case option name, aliases included: what to do with the entry. May throw `InvalidValue`. */
export type Fields = Readonly<Record<string, (entry: ConfigEntry) => void>>

/**
 * Hands each entry of `map`, in the order of the file, to its field, and reports the unknown ones, in the words of
 * `complaintOf` their quoted names.
 */
export function readMap(
  map: ConfigMap,
  fields: Fields,
  problems: Problems,
  complaintOf = (key: string) => `unknown field ${key}`,
): void {
  for (const entry of map.entries.values()) {
    const name = entry.key.toLowerCase()
    try {
      if (Object.hasOwn(fields, name)) fields[name]!(entry)
      else if (!entry.isUsedAsVariable) unknown(entry, name)
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      problems.errorAt(error.position ?? entry.keyPosition, error.message)
    }
  }

  function unknown(entry: ConfigEntry, name: string): never {
    const near = nearest(name, Object.keys(fields))
    const hint = near === undefined ? '' : ` (did you mean ${JSON.stringify(near)}?)`
    throw new InvalidValue(complaintOf(JSON.stringify(entry.key)) + hint)
  }
}

/** `at`: where the value stands, when that is not its key. */
export function stringIn(value: ConfigValue, at?: Position): string {
  if (value.kind !== 'string') throw wrongType(value, 'string', at)
  return value.value
}

export function booleanIn(value: ConfigValue): boolean {
  if (value.kind !== 'boolean') throw wrongType(value, 'bool')
  return value.value
}

/** `howToWrite`: what a number is written as, when not as one. */
export function integerIn(value: ConfigValue, howToWrite?: string): bigint {
  if (value.kind !== 'integer') throw wrongType(value, 'int64', undefined, howToWrite)
  return value.value
}

export function arrayIn(value: ConfigValue): readonly ConfigValue[] {
  if (value.kind !== 'array') throw wrongType(value, '[]interface {}')
  return value.items
}

export function mapIn(value: ConfigValue): ConfigMap {
  if (value.kind !== 'map') throw wrongType(value, 'map[string]interface {}')
  return value
}

/** One string or an array of strings; `what` names the field in nats-server's messages. */
export function stringsIn(value: ConfigValue, what: string): string[] {
  if (value.kind === 'string') return [value.value]
  if (value.kind !== 'array') throw new InvalidValue(`error parsing ${what}: unsupported type ${goType(value)}`)
  return value.items.map((item) => {
    if (item.kind === 'string') return item.value
    throw new InvalidValue(`error parsing ${what}: unsupported type in array ${goType(item)}`, item.position)
  })
}

/** By Go's names of types, in which nats-server complains. */
const HOW_TO_WRITE = {
  string: 'a text, in quotes',
  bool: 'true or false, without quotes',
  int64: 'a whole number, without quotes',
  '[]interface {}': 'a list, in [ ]',
  'map[string]interface {}': 'a block, in { }',
} as const

/** In nats-server's words, with ours for those who do not know Go. */
function wrongType(
  value: ConfigValue,
  wanted: keyof typeof HOW_TO_WRITE,
  at?: Position,
  howToWrite: string = HOW_TO_WRITE[wanted],
): InvalidValue {
  const complaint = `interface conversion: interface {} is ${goType(value)}, not ${wanted}`
  return new InvalidValue(`${complaint} (write ${howToWrite})`, at)
}
