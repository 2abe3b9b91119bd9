/** Answers that are remembered come in two generations of this many. */
const MAX_PER_GENERATION = 512

/** What is asked with more characters is answered anew each time, so that a cache stays below 256 KiB. */
const MAX_KEY_LENGTH = 128

/** Answers about subjects. What was used since the last change of generations is kept, the rest goes. */
export class PermissionCache {
  #recent = new Map<string, boolean>()
  #older = new Map<string, boolean>()

  /** Hot: once per publish. bench/permissions.ts */
  get(key: string): boolean | undefined {
    const answer = this.#recent.get(key)
    return answer !== undefined ? answer : this.#recall(key)
  }

  set(key: string, answer: boolean): void {
    if (key.length > MAX_KEY_LENGTH) return
    if (this.#recent.size >= MAX_PER_GENERATION) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, answer)
  }

  #recall(key: string): boolean | undefined {
    const answer = this.#older.get(key)
    if (answer !== undefined) this.set(key, answer)
    return answer
  }
}
