import { setTimeout as pause } from 'node:timers/promises'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { DatabaseUnavailable } from '../unavailable.ts'
import { BUSY, isHindered, resultCode } from './failure.ts'

/** Between two tries, growing up to this. */
const LONGEST_PAUSE_MS = 50

/**
 * A connection that waits for another process that has the database locked. SQLite would wait as well, but in the middle
 * of everything else: no request would be answered and no device hear anything meanwhile. What cannot be done as things
 * are rejects with DatabaseUnavailable.
 */
export class PatientConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection
  readonly #patienceMs: number
  /** Of the lock that is in the way, or was last: when it was met first, and when last. */
  #lock = { sinceMs: Number.NEGATIVE_INFINITY, seenMs: Number.NEGATIVE_INFINITY }

  constructor(connection: DatabaseConnection, { patienceMs }: { patienceMs: number }) {
    this.#connection = connection
    this.#patienceMs = patienceMs
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        const result = await this.#connection.executeQuery<Row>(query)
        // Whoever only reads is in nobody's way.
        if (result.numAffectedRows !== undefined) this.#lock.seenMs = Number.NEGATIVE_INFINITY
        return result
      } catch (error) {
        const isLocked = ((resultCode(error) ?? 0) & 0xff) === BUSY
        if (isLocked && this.#mayPass()) await pause(pauseMs)
        else if (isHindered(error)) throw new DatabaseUnavailable((error as Error).message, { cause: error })
        else throw error
      }
    }
  }

  streamQuery<Row>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<Row>> {
    return this.#connection.streamQuery(query, chunkSize)
  }

  /** Those who wait in line do so together: what the first has waited in vain, the next need not wait again. */
  #mayPass(): boolean {
    const nowMs = performance.now()
    const isAnother = nowMs - this.#lock.seenMs > this.#patienceMs
    this.#lock = { sinceMs: isAnother ? nowMs : this.#lock.sinceMs, seenMs: nowMs }
    return nowMs - this.#lock.sinceMs < this.#patienceMs
  }
}
