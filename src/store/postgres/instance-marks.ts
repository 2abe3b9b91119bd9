import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables.ts'

/** The first half of the advisory locks that say who is there ("BELI"). */
const INSTANCES = 0x42454c49

/**
 * Makes a connection say whose it is, for as long as it lasts. A lock that all may share, rather than `application_name`:
 * every role may see it, and a proxy's connection loses it when its client goes.
 */
export const instanceLock = (mark: number): string => `SELECT pg_advisory_lock_shared(${INSTANCES}, ${mark})`

/** The marks of others than `mark` that have a connection. */
export async function otherInstances(db: Kysely<Database>, mark: number): Promise<readonly number[]> {
  const { rows } = await sql<{ mark: number }>`
    SELECT DISTINCT objid::bigint::bit(32)::int AS mark FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid::bigint = ${INSTANCES}
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`.execute(db)
  return rows.map((row) => row.mark).filter((other) => other !== mark)
}
