export interface Problem {
  /** As the library of nats-io words it: tools show it. */
  readonly text: string
  /** `time`: passes, or came, by itself. `warning`: does not stand in the way. */
  readonly kind: 'error' | 'time' | 'warning'
}

/** How many are kept: a JWT may have thousands, and nobody reads them. */
export const MAX_PROBLEMS = 50

/** Collects what is wrong with claims that were read. */
export class Problems {
  readonly #errors: Problem[] = []
  readonly #others: Problem[] = []

  /** Those that stand in the way come first. */
  get list(): readonly Problem[] {
    return [...this.#errors, ...this.#others].slice(0, MAX_PROBLEMS)
  }

  error(text: string): void {
    if (this.#errors.length < MAX_PROBLEMS) this.#errors.push({ text, kind: 'error' })
  }

  time(text: string): void {
    this.#others.push({ text, kind: 'time' })
  }

  warning(text: string): void {
    if (this.#others.length < MAX_PROBLEMS) this.#others.push({ text, kind: 'warning' })
  }
}
