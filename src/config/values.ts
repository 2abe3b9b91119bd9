import type { AnySetting } from './settings/schema.ts'
import type { Setting } from './settings/setting.ts'

/** The settings that one source gives: the environment, the config file, or the command line. */
export class Values {
  readonly #values = new Map<AnySetting, unknown>()

  /** `undefined` leaves the setting as it was: the value said that it is as good as none. */
  set<T>(setting: Setting<T>, value: T | undefined): void {
    if (value !== undefined) this.#values.set(setting, value)
  }

  has(setting: AnySetting): boolean {
    return this.#values.has(setting)
  }

  get<T>(setting: Setting<T>): T {
    return this.#values.get(setting) as T
  }
}

/** Answers with the value of a setting: from the first source that gives it, else its default. */
export type Choice = <T>(setting: Setting<T>) => T

export function chooseFrom(sources: readonly Values[]): Choice {
  return (setting) => sources.find((values) => values.has(setting))?.get(setting) ?? setting.default
}
