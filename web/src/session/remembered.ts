import { isObject, textOrNull } from '../api/json.ts'
import type { Shelf } from './shelf.ts'

const EMAIL = 'email'
const TWO_FACTOR = 'two-factor'

/** What is remembered of logins for the next one: it outlives a logout. */
export class Remembered {
  readonly #shelf: Shelf

  constructor(shelf: Shelf) {
    this.#shelf = shelf
  }

  /** Who is asked for their password first; null for nobody. */
  get email(): string | null {
    return textOrNull(this.#shelf.read(EMAIL))
  }

  set email(email: string | null) {
    if (email === null) this.#shelf.remove(EMAIL)
    else this.#shelf.write(EMAIL, email)
  }

  /** What the server takes in place of the second factor, if it remembers this browser. */
  twoFactorToken(email: string): string | undefined {
    return textOrNull(this.#tokens()[normalized(email)]) ?? undefined
  }

  setTwoFactorToken(email: string, token: string | undefined): void {
    const { [normalized(email)]: _replaced, ...others } = this.#tokens()
    this.#shelf.write(TWO_FACTOR, token === undefined ? others : { ...others, [normalized(email)]: token })
  }

  #tokens(): Readonly<Record<string, unknown>> {
    const kept = this.#shelf.read(TWO_FACTOR)
    return isObject(kept) ? kept : {}
  }
}

const normalized = (email: string): string => email.trim().toLowerCase()
