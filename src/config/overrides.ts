import { InvalidValue, type Problems } from './language/index.ts'
import { nearest } from './nearest.ts'
import { type AnySetting, allSettings, type Schema } from './settings/schema.ts'
import type { Setting } from './settings/setting.ts'
import { Values } from './values.ts'

/**
 * Settings given by the command line or by a program: any of them, by group and name, as
 * `{ websocket: { port: 0 } }`. `undefined` is the same as absent.
 */
export type Overrides = {
  readonly [Group in keyof Schema]?:
    | { readonly [Name in keyof Schema[Group]]?: ValueOf<Schema[Group][Name]> | undefined }
    | undefined
}

type ValueOf<S> = S extends Setting<infer T> ? T : never

const settingsByOption: ReadonlyMap<string, AnySetting> = new Map(
  allSettings.map(({ option, setting }) => [option, setting]),
)

export function readOverrides(overrides: Overrides, problems: Problems): Values {
  const values = new Values()
  for (const [group, settings] of Object.entries(overrides)) {
    for (const [name, value] of Object.entries(settings ?? {})) {
      if (value !== undefined) readOption(`${group}.${name}`, value)
    }
  }
  return values

  function readOption(option: string, value: unknown): void {
    const setting = settingsByOption.get(option)
    const source = { name: option, warn: (reason: string) => problems.warning(reason) }
    try {
      if (setting === undefined) throw new InvalidValue(unknownOption(option))
      values.set(setting, setting.type.fromProgram(value, source))
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      problems.error(error.message)
    }
  }
}

function unknownOption(option: string): string {
  const near = nearest(option, settingsByOption.keys())
  return `unknown option "${option}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`
}
