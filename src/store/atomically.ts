import type { Kysely } from 'kysely'
import type { Database } from './tables.ts'

/** Runs the statements of one method as one: within the transaction that `db` is, else in one of their own. */
export function atomically(db: Kysely<Database>, work: (db: Kysely<Database>) => Promise<void>): Promise<void> {
  return db.isTransaction ? work(db) : db.transaction().execute(work)
}
