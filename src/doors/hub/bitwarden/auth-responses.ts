import type { HubEvent } from '../hub-event.ts'

/** How long an answer is told to those who come to ask for it. */
const KEPT_MS = 5 * 60_000

/** Of the answers of the last minutes; with one more the oldest goes. */
const MAX_ANSWERS = 4_096

/** The last answer to each auth request, by the request's id, for those who come after it was given. */
export class AuthResponses {
  /** Oldest first. */
  readonly #answers = new Map<string, { readonly event: HubEvent; readonly atMs: number }>()

  get size(): number {
    return this.#answers.size
  }

  /** In place of an earlier answer to the same request. */
  keep(requestId: string, event: HubEvent, nowMs: number): void {
    this.#answers.delete(requestId)
    this.#answers.set(requestId, { event, atMs: nowMs })
    for (const [id, { atMs }] of this.#answers) {
      if (nowMs - atMs < KEPT_MS && this.#answers.size <= MAX_ANSWERS) break
      this.#answers.delete(id)
    }
  }

  /** Undefined when there was none in the last five minutes. */
  find(requestId: string, nowMs: number): HubEvent | undefined {
    const answer = this.#answers.get(requestId)
    return answer !== undefined && nowMs - answer.atMs < KEPT_MS ? answer.event : undefined
  }
}
