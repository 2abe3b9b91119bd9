import type { ExclusiveWork } from './store.ts'

/** `Store.exclusively` where one process has the database: the names of what is running. */
export class ExclusiveNames {
  readonly #running = new Set<string>()

  async run(name: string, work: ExclusiveWork): Promise<boolean> {
    if (this.#running.has(name)) return false
    this.#running.add(name)
    try {
      await work(new AbortController().signal)
      return true
    } finally {
      this.#running.delete(name)
    }
  }
}
