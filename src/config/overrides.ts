import { InvalidValue, type Problems } from './language/index.ts'
import { nearest } from './nearest.ts'
import { blocks } from './settings/blocks.ts'
import { type AnySetting, allSettings, type Schema } from './settings/schema.ts'
import type { Setting } from './settings/setting.ts'
import type { Surroundings } from './types/setting-type.ts'
import { Values } from './values.ts'

/**
 * Settings given by the command line or by a program: any of them, by group and name, as
 * `{ websocket: { port: 0 } }`. `undefined` is the same as absent. For several WebSocket listeners that group is an
 * array; without one it is about the first.
 */
export type Overrides = {
  readonly [Group in keyof Schema]?:
    | OverridesOf<Schema[Group]>
    | (Group extends 'websocket' ? readonly OverridesOf<Schema[Group]>[] : never)
    | undefined
}

type OverridesOf<Settings> = { readonly [Name in keyof Settings]?: ValueOf<Settings[Name]> | undefined }
type ValueOf<S> = S extends Setting<infer _, infer Given> ? Given : never

const settingsByOption: ReadonlyMap<string, AnySetting> = new Map(
  allSettings.map(({ option, setting }) => [option, setting]),
)

export function readOverrides(overrides: Overrides, problems: Problems, surroundings: Surroundings): Values {
  const values = new Values()
  for (const [group, given] of Object.entries(overrides)) {
    if (blocks[group]?.isRepeatable && given !== undefined) {
      const list = [given].flat().map((settings) => {
        const itsValues = new Values()
        readGroup(group, settings, itsValues)
        return itsValues
      })
      values.setList(group, list)
    } else readGroup(group, given ?? {}, values)
  }
  return values

  function readGroup(group: string, settings: object, values: Values): void {
    for (const [name, value] of Object.entries(settings)) {
      if (value !== undefined) readOption(`${group}.${name}`, value, values)
    }
  }

  function readOption(option: string, value: unknown, values: Values): void {
    const setting = settingsByOption.get(option)
    const source = { name: option, surroundings, warn: (reason: string) => problems.warning(reason) }
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
