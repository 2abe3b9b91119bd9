import { isObject, type JsonObject } from '../api/json.ts'
import { Cell } from '../state/cell.ts'
import type { Shelf } from './shelf.ts'

const NAME = 'preferences'

/** Minutes without input after which the vault is locked, to choose from; null: never. */
export const AUTO_LOCK_MINUTES = [1, 5, 15, 30, 60, 240, null] as const
export type AutoLockMinutes = (typeof AUTO_LOCK_MINUTES)[number]

export type Theme = 'system' | 'light' | 'dark'
export type AutoLockAction = 'lock' | 'log-out'

const DEFAULTS: Values = { theme: 'system', language: null, autoLockMinutes: 15, autoLockAction: 'lock' }

interface Values {
  readonly theme: Theme
  readonly language: string | null
  readonly autoLockMinutes: AutoLockMinutes
  readonly autoLockAction: AutoLockAction
}

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
  readonly #shelf: Shelf
  #isReloading = false

  /** `changed` is told when one was set here, and has been kept. */
  constructor(shelf: Shelf, changed: () => void = () => {}) {
    this.#shelf = shelf
    const kept = this.#kept()
    this.theme = new Cell(kept.theme)
    this.language = new Cell(kept.language)
    this.autoLockMinutes = new Cell(kept.autoLockMinutes)
    this.autoLockAction = new Cell(kept.autoLockAction)
    const keep = (value: Partial<Values>) => {
      if (this.#isReloading) return
      // The others may have been set in another tab.
      shelf.write(NAME, { ...this.#kept(), ...value })
      changed()
    }
    this.theme.listen((theme) => keep({ theme }))
    this.language.listen((language) => keep({ language }))
    this.autoLockMinutes.listen((autoLockMinutes) => keep({ autoLockMinutes }))
    this.autoLockAction.listen((autoLockAction) => keep({ autoLockAction }))
  }

  /** Another tab has set something. */
  reload(): void {
    const { theme, language, autoLockMinutes, autoLockAction } = this.#kept()
    this.#isReloading = true
    this.theme.value = theme
    this.language.value = language
    this.autoLockMinutes.value = autoLockMinutes
    this.autoLockAction.value = autoLockAction
    this.#isReloading = false
  }

  #kept(): Values {
    const read = this.#shelf.read(NAME)
    const { theme, language, autoLockMinutes, autoLockAction }: JsonObject = isObject(read) ? read : {}
    return {
      theme: oneOf<Theme>(theme, ['light', 'dark']) ?? DEFAULTS.theme,
      language: typeof language === 'string' ? language : DEFAULTS.language,
      autoLockMinutes:
        autoLockMinutes === null
          ? null
          : (oneOf<AutoLockMinutes>(autoLockMinutes, AUTO_LOCK_MINUTES) ?? DEFAULTS.autoLockMinutes),
      autoLockAction: oneOf<AutoLockAction>(autoLockAction, ['log-out']) ?? DEFAULTS.autoLockAction,
    }
  }
}

function oneOf<T>(value: unknown, known: readonly T[]): T | undefined {
  return known.find((each) => each === value)
}
