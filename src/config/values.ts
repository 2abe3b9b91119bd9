import type { Position } from './language/index.ts'
import type { AnySetting } from './settings/schema.ts'
import type { SettingOf } from './settings/setting.ts'

/** The settings that one source gives: the environment, the config file, or the command line. */
export class Values {
  readonly #values = new Map<AnySetting, unknown>()
  readonly #positions = new Map<AnySetting, Position>()
  readonly #lists = new Map<string, readonly Values[]>()
  readonly #blocks = new Map<string, Position>()

  /** `undefined` leaves the setting as it was: the value said that it is as good as none. */
  set<T>(setting: SettingOf<T>, value: T | undefined, position?: Position): void {
    if (value === undefined) return
    this.#values.set(setting, value)
    if (position !== undefined) this.#positions.set(setting, position)
  }

  /** Where a config file has it. */
  positionOf(setting: AnySetting): Position | undefined {
    return this.#positions.get(setting)
  }

  /** That a block is there, whatever it sets. */
  setBlock(path: string, position: Position): void {
    this.#blocks.set(path, position)
  }

  positionOfBlock(path: string): Position | undefined {
    return this.#blocks.get(path)
  }

  has(setting: AnySetting): boolean {
    return this.#values.has(setting)
  }

  /** `undefined` when it is not set here. */
  get<T>(setting: SettingOf<T>): T | undefined {
    return this.#values.get(setting) as T | undefined
  }

  /** What a repeatable block sets each time it is there. */
  setList(block: string, list: readonly Values[]): void {
    this.#lists.set(block, list)
  }

  list(block: string): readonly Values[] {
    return this.#lists.get(block) ?? []
  }
}

/** Answers with the value of a setting: from the first source that gives it, else its default. */
export interface Choice {
  <T>(setting: SettingOf<T>): T
  /** One choice for every time that a repeatable block is there: the first blocks of all sources are one, and so on. */
  each(block: string): readonly Choice[]
  /** Whether a source has this block, whatever it sets. */
  hasBlock(path: string): boolean
}

export function chooseFrom(sources: readonly Values[]): Choice {
  const choose = <T>(setting: SettingOf<T>): T =>
    sources.find((values) => values.has(setting))?.get(setting) ?? setting.default
  const each = (block: string) => {
    const lists = sources.map((values) => values.list(block))
    const count = Math.max(0, ...lists.map((list) => list.length))
    return Array.from({ length: count }, (_, index) => chooseFrom(lists.flatMap((list) => list[index] ?? [])))
  }
  const hasBlock = (path: string) => sources.some((values) => values.positionOfBlock(path) !== undefined)
  return Object.assign(choose, { each, hasBlock })
}
