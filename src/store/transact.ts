import { setTimeout as pause } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Database } from './tables.ts'
import { DatabaseUnavailable } from './unavailable.ts'

/** Attempts at one transaction. Who is in whose way changes by chance: 40 at once in tiny tables need up to 15. */
const ATTEMPTS = 30

/** Pauses grow up to this, so that those who were in each other's way come back at different times. */
const LONGEST_PAUSE_MS = 50

/** PostgreSQL: two transactions cannot have run one after the other, or wait for each other. */
const RUN_AGAIN = ['40001', '40P01']

/** Runs the statements of one method as one: within the transaction that `db` is, else in one of their own. */
export function atomically<T>(db: Kysely<Database>, work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
  return db.isTransaction ? work(db) : transact(db, work)
}

/**
 * Runs `work` in a transaction of its own, as if there were no other. PostgreSQL finds out when that cannot be kept up;
 * then nothing has happened, and `work` is run again, until after many attempts it rejects with DatabaseUnavailable.
 * SQLite lets transactions in one at a time and never asks for it.
 */
export async function transact<T>(db: Kysely<Database>, work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().setIsolationLevel('serializable').execute(work)
    } catch (error) {
      if (!mayRunAgain(error)) throw error
      if (attempt === ATTEMPTS)
        throw new DatabaseUnavailable('Others were in the way again and again', { cause: error })
      await pause(Math.random() * Math.min(2 ** attempt, LONGEST_PAUSE_MS))
    }
  }
}

const mayRunAgain = (error: unknown) =>
  error instanceof Error && 'code' in error && RUN_AGAIN.includes(error.code as string)
