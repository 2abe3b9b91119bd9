import { createHash } from 'node:crypto'
import type { ExclusiveWork } from '../store.ts'
import type { PostgresPool } from './pool.ts'

/** The first half of the number of every advisory lock of ours ("BELF"), in a database that others may use too. */
const OURS = 0x42454c46

/** The two numbers of an advisory lock. */
export type AdvisoryLock = readonly [classId: number, objectId: number]

export const advisoryLock = (name: string): AdvisoryLock => [
  OURS,
  createHash('sha256').update(name).digest().readInt32BE(),
]

/**
 * `Store.exclusively`: the lock lies on a connection of its own, so that the server gives it up with the connection. Not
 * through a proxy that hands connections on between transactions.
 */
export async function exclusively(pool: PostgresPool, name: string, work: ExclusiveWork): Promise<boolean> {
  const lock = advisoryLock(`exclusively ${name}`)
  const client = await pool.connectBeside()
  const lost = new AbortController()
  client.once('error', (error) => lost.abort(pool.unavailable(error)))
  try {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1, $2) AS taken', [...lock])
    if (!rows[0].taken) return false
    await work(lost.signal)
    // At once; otherwise it would last until the server notices that the connection is gone.
    if (!lost.signal.aborted) await client.query('SELECT pg_advisory_unlock($1, $2)', [...lock]).catch(() => undefined)
    return true
  } finally {
    // Not waited for: a machine that is gone does not answer.
    client.end().catch(() => undefined)
  }
}
