import type { Kysely, RawBuilder } from 'kysely'
import type { ExclusiveWork } from './store.ts'
import type { Database } from './tables.ts'
import type { Timestamp } from './timestamps.ts'

/** What an engine says or does differently. */
export interface Engine {
  /** The moment as a value whose type the statement does not tell otherwise. */
  timestamp(at: Timestamp): RawBuilder<Timestamp>
  /** The later of a column's timestamp and `at`, in the form that `formatTimestamp` writes or one it equals. */
  later(column: string, at: Timestamp): RawBuilder<Timestamp>
  /** The same for the timestamp one millisecond after the column's. */
  laterThan(column: string, at: Timestamp): RawBuilder<Timestamp>
  /** Runs `work` when others who have asked for the account's turn before are done, where they could be in the way. */
  inTurnOf<T>(db: Kysely<Database>, account: string, work: (db: Kysely<Database>) => Promise<T>): Promise<T>
  /** `Store.exclusively`. */
  exclusively(name: string, work: ExclusiveWork): Promise<boolean>
  /** `Store.otherInstances`. */
  otherInstances(db: Kysely<Database>): Promise<readonly number[]>
  /** Finishes what was asked of `db` before, then destroys it. */
  close(db: Kysely<Database>): Promise<void>
}
