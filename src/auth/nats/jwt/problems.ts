export interface Problem {
  /** As the library of nats-io words it: tools show it. */
  readonly text: string
  /** `time`: passes, or came, by itself. `warning`: does not stand in the way. */
  readonly kind: 'error' | 'time' | 'warning'
}

/** How many are kept: a JWT may have thousands, and nobody reads them. */
const MAX_PROBLEMS = 50

/** Collects what is wrong with claims that were read. */
export class Problems {
  readonly #list: Problem[] = []

  get list(): readonly Problem[] {
    return this.#list
  }

  error(text: string): void {
    this.#add({ text, kind: 'error' })
  }

  time(text: string): void {
    this.#add({ text, kind: 'time' })
  }

  warning(text: string): void {
    this.#add({ text, kind: 'warning' })
  }

  /** Those that stand in the way come first, so that the bound keeps none of them out unless they are that many. */
  #add(problem: Problem): void {
    if (problem.kind === 'error') this.#list.unshift(problem)
    else this.#list.push(problem)
    if (this.#list.length > MAX_PROBLEMS) this.#list.pop()
  }
}
