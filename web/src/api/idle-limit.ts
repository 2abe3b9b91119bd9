/** Ends what makes no progress for a while, however long it takes in all: answers and files are of all sizes. */
export class IdleLimit {
  readonly #controller = new AbortController()
  readonly #idleMs: number
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(idleMs: number) {
    this.#idleMs = idleMs
    this.progressed()
  }

  /** Aborted when it took too long. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  progressed(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#controller.abort(), this.#idleMs)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
