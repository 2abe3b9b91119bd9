import type { AccountDefinition } from '#core'
import type { ConfigValue, Environment, Position, Problems } from '../language/index.ts'

/**
 * How a kind of setting is read from each place a setting can come from. All three throw `InvalidValue`; an answer of
 * `undefined` leaves the setting as if it had not been given. `Given` is what a program may write for it.
 */
export interface SettingType<T, Given = T> {
  /** What may be written, for the documentation. */
  readonly description: string
  /** Whether no log may have a value of it. Default: false. */
  readonly isSecret?: boolean
  /** From an environment variable; never an empty text. */
  fromText(text: string, source: Source): T | undefined
  fromConfig(value: ConfigValue, source: ConfigSource): T | undefined
  /** From the command line or a program: checks the value and brings it into its normal form. */
  fromProgram(value: Given, source: ProgramSource): T | undefined
}

/** Where the value stands that is being read. */
export interface Source {
  /** What messages call it: the variable, the key, or the option. */
  readonly name: string
  /** The value works, but not as its writer may think. */
  warn(reason: string): void
}

export interface ProgramSource extends Source {
  readonly surroundings: Surroundings
}

/** What a setting meets wherever it stands. */
export interface Surroundings {
  /** What relative paths start from. */
  readonly cwd: string
  /** Accounts that are there by themselves: others may import from them, but not define them. */
  readonly accounts: readonly AccountDefinition[]
  /** What paths may refer to. */
  readonly environment: Environment
}

export interface ConfigSource extends ProgramSource {
  /** For values that have places inside of their own. */
  readonly problems: Problems
  /** That of the key. */
  readonly position: Position
}

/** The sentence of an `InvalidValue`. */
export function mustBe(source: Source, wanted: string, found: unknown): string {
  return `${source.name} must be ${wanted}, not ${typeof found === 'bigint' ? found : JSON.stringify(found)}`
}

/** A number of which 0 is the same as none, as in nats-server, where that is what a number is that nobody gave. */
export function zeroIsNone(type: SettingType<number>): SettingType<number> {
  const isZero = (value: ConfigValue) =>
    (value.kind === 'integer' && value.value === 0n) ||
    (value.kind === 'string' && /^[+-]?(?:0|0+(?:[nuµμm]?s|m|h))$/.test(value.value))
  return { ...type, fromConfig: (value, source) => (isZero(value) ? undefined : type.fromConfig(value, source)) }
}
