import { type Dialect, type PostgresPool as KyselyPool, PostgresDialect, sql } from 'kysely'
import type { Engine } from '../engine.ts'
import type { Timestamp } from '../timestamps.ts'
import type { AccountTurns } from './account-turns.ts'
import { exclusively } from './advisory-lock.ts'
import { otherInstances } from './instance-marks.ts'
import type { PostgresPool } from './pool.ts'

/** Kysely's PostgreSQL. Its pools also take cursors, but only to stream results, which the store never does. */
export const postgresDialect = (pool: PostgresPool): Dialect =>
  new PostgresDialect({ pool: pool as unknown as KyselyPool })

export interface PostgresEngineTools {
  readonly turns: AccountTurns
  /** See `instanceMark`. */
  readonly mark: number
}

export const postgresEngine = (pool: PostgresPool, { turns, mark }: PostgresEngineTools): Engine => ({
  timestamp,
  later: (column, at) => sql<Timestamp>`greatest(${sql.ref(column)}, ${timestamp(at)})`,
  laterThan: (column, at) => sql<Timestamp>`greatest(${sql.ref(column)} + interval '1 millisecond', ${timestamp(at)})`,
  inTurnOf: (db, account, work) => turns.take(db, account, work),
  exclusively: (name, work) => exclusively(pool, name, work),
  otherInstances: (db) => otherInstances(db, mark),
  async close(db) {
    await turns.settle()
    await pool.settle()
    await db.destroy()
    // Which Kysely leaves open if it was never asked anything.
    await pool.end()
  },
})

const timestamp = (at: Timestamp) => sql<Timestamp>`${at}::timestamp`
