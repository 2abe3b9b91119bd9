import { type AnySetting, allSettings } from './settings/schema.ts'
import type { Values } from './values.ts'

/** What a setting was when the configuration was read, in the words of whoever wrote it. */
export interface GivenSetting {
  /** `vault.signupsAllowed`. */
  readonly option: string
  /** `vault.signups_allowed`, or the variable that set it. */
  readonly name: string
  /** `undefined`: nobody set it, and it has no default of its own. */
  readonly value: unknown
  /** Whether no log may have the value. */
  readonly isSecret: boolean
}

/** Where values come from: the strongest first. */
export interface SettingSource {
  readonly values: Values
  /** How a setting is called there. */
  nameOf(setting: AnySetting): string | undefined
}

/** Of all settings that stand for themselves: those of blocks that may be there several times are not among them. */
export function givenSettings(sources: readonly SettingSource[]): readonly GivenSetting[] {
  return allSettings.map(({ option, setting }) => {
    const source = sources.find(({ values }) => values.has(setting))
    return {
      option,
      name: source?.nameOf(setting) ?? setting.key ?? setting.variable ?? option,
      value: source === undefined ? setting.default : source.values.get(setting),
      isSecret: setting.type.isSecret ?? false,
    }
  })
}
