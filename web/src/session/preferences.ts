import { isObject, type JsonObject } from '../api/json.ts'
import { Cell } from '../state/cell.ts'
import type { Shelf } from './shelf.ts'

const NAME = 'preferences'

/** Minutes without input after which the vault is locked, to choose from; null: never. */
export const AUTO_LOCK_MINUTES = [1, 5, 15, 30, 60, 240, null] as const
export type AutoLockMinutes = (typeof AUTO_LOCK_MINUTES)[number]

export type Theme = 'system' | 'light' | 'dark'
export type AutoLockAction = 'lock' | 'log-out'

/** What the user of this browser likes, whoever is logged in. Setting a value keeps it. */
export class Preferences {
  /** Default `system`. */
  readonly theme: Cell<Theme>
  /** As the page's `lang` has it: `en`, `zh-CN`; null, which is the default: as the browser wants it. */
  readonly language: Cell<string | null>
  /** Default 15. */
  readonly autoLockMinutes: Cell<AutoLockMinutes>
  /** What happens then; default `lock`. */
  readonly autoLockAction: Cell<AutoLockAction>

  constructor(shelf: Shelf) {
    const read = shelf.read(NAME)
    const kept: JsonObject = isObject(read) ? read : {}
    this.theme = new Cell(oneOf<Theme>(kept.theme, ['light', 'dark']) ?? 'system')
    this.language = new Cell(typeof kept.language === 'string' ? kept.language : null)
    this.autoLockMinutes = new Cell<AutoLockMinutes>(oneOf(kept.autoLockMinutes, AUTO_LOCK_MINUTES) ?? 15)
    if (kept.autoLockMinutes === null) this.autoLockMinutes.value = null
    this.autoLockAction = new Cell(oneOf<AutoLockAction>(kept.autoLockAction, ['log-out']) ?? 'lock')
    const keep = () =>
      shelf.write(NAME, {
        theme: this.theme.value,
        language: this.language.value,
        autoLockMinutes: this.autoLockMinutes.value,
        autoLockAction: this.autoLockAction.value,
      })
    for (const cell of [this.theme, this.language, this.autoLockMinutes, this.autoLockAction]) cell.listen(keep)
  }
}

function oneOf<T>(value: unknown, known: readonly T[]): T | undefined {
  return known.find((each) => each === value)
}
