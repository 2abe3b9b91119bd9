import { ConfigError } from '#kit'
import { InvalidValue, type Problems } from './language/index.ts'
import type { AnySetting } from './settings/schema.ts'
import { mustBe, type SettingType } from './types/setting-type.ts'
import { Values } from './values.ts'

/** Where texts stand under Vaultwarden's names: the environment, or `config.json`. */
export interface Variables {
  /**
   * The text of a variable, which may be empty; `undefined` when it is not set.
   * @throws InvalidValue or ConfigError when it cannot be had.
   */
  textOf(variable: string): string | undefined
  /** The name of the variable as it is written there. */
  keyOf(variable: string): string
  /** What messages call the variable. */
  nameOf(variable: string): string
  /** What is no value is a mistake; else it leaves the setting unset with a warning, as Vaultwarden's environment. */
  readonly isStrict: boolean
}

/** Reads those of the settings that have a variable. */
export function readVariables(settings: Iterable<AnySetting>, variables: Variables, problems: Problems): Values {
  const values = new Values()
  for (const setting of settings) {
    const { variable } = setting
    if (variable === undefined) continue
    reportInvalid(problems, () => {
      values.set(setting, readVariable(setting.type, variable, variables, problems))
      // Who empties one of these means it, as in Vaultwarden.
      if (variables.textOf(variable) === '') values.set(setting, setting.whenEmpty)
    })
  }
  return values
}

/** The value of one variable; `undefined` when it is not set, or empty. */
export function readVariable<T>(
  type: SettingType<T>,
  variable: string,
  variables: Variables,
  problems: Problems,
): T | undefined {
  const text = variables.textOf(variable)
  if (text === undefined || text === '') return undefined
  const warnings: string[] = []
  const source = { name: variables.nameOf(variable), warn: (reason: string) => void warnings.push(reason) }
  const value = type.fromText(text, source)
  if (value === undefined && variables.isStrict) {
    throw new InvalidValue(mustBe(source, type.description.replaceAll('`', ''), text))
  }
  for (const warning of warnings) problems.warning(warning)
  return value
}

/** Answers with what `read` does; what is wrong with the value is reported instead of thrown. */
export function reportInvalid<T>(problems: Problems, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof InvalidValue || error instanceof ConfigError)) throw error
    problems.error(error.message)
    return undefined
  }
}
