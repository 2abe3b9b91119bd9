import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables.ts'
import { DatabaseUnavailable } from '../unavailable.ts'
import { advisoryLock } from './advisory-lock.ts'

/**
 * One transaction at a time for each account: in this process in the order of asking, and among processes behind a lock
 * at the database. Without it, of two that change the same row one has to be run again, and with eight instances at
 * one account the unlucky are never done.
 */
export class AccountTurns {
  readonly #timeoutMs: number
  /** By account: settled when all who have asked so far are done. Of accounts that nobody asks for there is none. */
  readonly #tails = new Map<string, Promise<void>>()

  constructor({ timeoutMs }: { timeoutMs: number }) {
    this.#timeoutMs = timeoutMs
  }

  /** Rejects with DatabaseUnavailable when those before take longer than the timeout. */
  async take<T>(db: Kysely<Database>, account: string, work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
    const before = this.#tails.get(account)
    const { promise: done, resolve } = Promise.withResolvers<void>()
    const tail = before === undefined ? done : before.then(() => done)
    this.#tails.set(account, tail)
    try {
      if (before !== undefined) await this.#within(before)
      return await locked(db, account, work)
    } finally {
      resolve()
      if (this.#tails.get(account) === tail) this.#tails.delete(account)
    }
  }

  /** Resolves when all who have asked so far are done. */
  async settle(): Promise<void> {
    await Promise.all(this.#tails.values())
  }

  async #within(before: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<never>()
    const text = `Earlier changes of the same account were not done within ${this.#timeoutMs} ms`
    const timer = setTimeout(() => late.reject(new DatabaseUnavailable(text)), this.#timeoutMs)
    try {
      await Promise.race([before, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The lock is taken before the transaction begins: what a transaction sees is what was there when it did. */
function locked<T>(db: Kysely<Database>, account: string, work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
  const [classId, objectId] = advisoryLock(`account ${account}`)
  return db.connection().execute(async (connection) => {
    await sql`SELECT pg_advisory_lock(${classId}::int, ${objectId}::int)`.execute(connection)
    try {
      return await work(connection)
    } finally {
      await sql`SELECT pg_advisory_unlock(${classId}::int, ${objectId}::int)`
        .execute(connection)
        // On a connection that lives on, the lock must not.
        .catch(() => sql`SELECT pg_terminate_backend(pg_backend_pid())`.execute(connection))
        // What was done stays done: a connection that broke goes, and the lock with it.
        .catch(() => undefined)
    }
  })
}
