import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../tables.ts'
import { formatTimestamp, parseOptional } from '../timestamps.ts'

/**
 * Makes a database of an earlier time one of now, whose devices learn what became of it. Tables of ours may be missing. To be run
 * in a transaction; once more does no harm.
 *
 * - Every account has changed, later than anything that a device may have heard or been told: whoever comes back syncs.
 * - How far devices had heard is forgotten: it was another time that they heard of.
 * - Pushes that waited are not sent, since what they tell of is long over. In their place stands the mark of an instance that is
 *   gone, by which the next one tells every phone and browser to sync.
 * - The relay is told of each phone anew. What it was told since then is not known.
 * - Logins that waited for their second step are over: nobody is to get a letter about them.
 */
export async function settle(db: Kysely<Database>, tableNames: readonly string[], now: Date): Promise<void> {
  const has = (table: keyof Database) => tableNames.includes(table)
  const latest = [now.getTime()]
  const changed = db.selectFrom('users').select(({ fn }) => fn.max('updated_at').as('at'))
  latest.push(after((await changed.executeTakeFirstOrThrow()).at))
  if (has('belfry_heard')) {
    const heard = db.selectFrom('belfry_heard').select(({ fn }) => fn.max('heard_at').as('at'))
    latest.push(after((await heard.executeTakeFirstOrThrow()).at))
    await db.deleteFrom('belfry_heard').execute()
  }
  const at = Math.max(...latest)
  await db
    .updateTable('users')
    .set({ updated_at: formatTimestamp(new Date(at)) })
    .execute()
  if (has('belfry_push_registrations')) {
    await db.updateTable('belfry_push_registrations').set({ digest: '', is_refused: 0 }).execute()
  }
  if (has('belfry_push_journal')) await db.deleteFrom('belfry_push_journal').execute()
  if (has('belfry_push_marks')) {
    await db.deleteFrom('belfry_push_marks').execute()
    const whole_until = formatTimestamp(new Date(at - 1))
    await db
      .insertInto('belfry_push_marks')
      .values({ instance: `restored ${randomUUID()}`, whole_until })
      .execute()
  }
  await sql`DELETE FROM twofactor_incomplete`.execute(db)
}

const after = (timestamp: string | null) => (parseOptional(timestamp)?.getTime() ?? 0) + 1
