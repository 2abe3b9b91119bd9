import { getRevisionDate } from '../api/account.ts'
import type { Api } from '../api/client.ts'
import { TooManyRequests, Unauthorized } from '../api/errors.ts'
import type { JsonObject } from '../api/json.ts'
import { getSync } from '../api/vault.ts'
import { Cell } from '../state/cell.ts'

/**
 * `empty`: nothing is loaded, and nothing is on its way (why not, `problem` says). `stale`: what is there may not be the
 * newest, because the server was not reached.
 */
export type SyncStatus = 'empty' | 'loading' | 'ready' | 'stale'

/** How long until a sync that failed is tried again, twice that after the next. Milliseconds. */
const RETRY_MS = { first: 2_000, last: 60_000 }

export interface SyncOptions {
  readonly api: Api
  /** Whether there is anything to be shown. */
  readonly hasContent: () => boolean
  /** Is called before the snapshot is asked for; what it returns takes that. */
  readonly prepare: () => (snapshot: JsonObject) => Promise<void>
}

/**
 * Fetches the whole vault when its revision date says that it has changed. That date is asked for first: what changes
 * after it is in the snapshot or makes the next date another.
 */
export class Sync {
  readonly status = new Cell<SyncStatus>('empty')
  /** Why the last one failed; null after one that did not. */
  readonly problem = new Cell<Error | null>(null)
  readonly #options: SyncOptions
  #revisionMs: number | undefined
  #isForced = false
  #stop = new AbortController()
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #failures = 0

  constructor(options: SyncOptions) {
    this.#options = options
    this.#stop.abort()
  }

  /** The vault is open. */
  start(): void {
    this.#stop = new AbortController()
  }

  /** It is not any more. With `forgets`, the next one fetches all. */
  stop({ forgets }: { readonly forgets: boolean }): void {
    this.#stop.abort()
    this.#running = undefined
    this.#next = undefined
    clearTimeout(this.#retry)
    this.#failures = 0
    if (forgets) this.#revisionMs = undefined
    this.status.value = 'empty'
    this.problem.value = null
  }

  /**
   * Resolves when everything is there that had changed when it was called, or when it is clear that it cannot be had now:
   * then it is tried again. It never rejects: `problem` says what went wrong. With `isForced` the date is not looked at.
   */
  run({ isForced = false }: { readonly isForced?: boolean } = {}): Promise<void> {
    this.#isForced ||= isForced
    const { signal } = this.#stop
    if (signal.aborted) return Promise.resolve()
    if (this.#running === undefined) return this.#begin(signal)
    // That one may have asked already when the change was made.
    this.#next ??= this.#running.then(() => {
      if (signal.aborted) return
      this.#next = undefined
      return this.#begin(signal)
    })
    return this.#next
  }

  /** That which is under way. */
  get running(): Promise<void> | undefined {
    return this.#running
  }

  /** Something could not be fetched that has changed. */
  failed(error: unknown): void {
    const isAborted = this.#stop.signal.aborted
    // The session is over, and says so itself.
    if (isAborted || error instanceof Unauthorized) return
    this.problem.value = error instanceof Error ? error : new Error(String(error))
    this.status.value = this.#options.hasContent() ? 'stale' : 'empty'
    const patienceMs = Math.min(RETRY_MS.first * 2 ** this.#failures++, RETRY_MS.last)
    const delayMs = error instanceof TooManyRequests ? Math.max(error.retryAfterMs, patienceMs) : patienceMs
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.run(), delayMs)
  }

  #begin(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#retry)
    const run = this.#fetch(signal)
      .then(() => this.#succeeded(signal))
      .catch((error: unknown) => {
        if (!signal.aborted) this.failed(error)
      })
      .finally(() => {
        if (this.#running === run) this.#running = undefined
      })
    this.#running = run
    return run
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    if (this.status.value === 'empty') this.status.value = 'loading'
    if (this.#isForced) this.#revisionMs = undefined
    this.#isForced = false
    const revisionMs = await getRevisionDate(this.#options.api, { signal })
    if (revisionMs === this.#revisionMs) return
    const take = this.#options.prepare()
    const snapshot = await getSync(this.#options.api, { signal })
    signal.throwIfAborted()
    await take(snapshot)
    if (!signal.aborted) this.#revisionMs = revisionMs
  }

  #succeeded(signal: AbortSignal): void {
    if (signal.aborted) return
    this.#failures = 0
    this.status.value = 'ready'
    this.problem.value = null
  }
}
