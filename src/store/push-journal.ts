import type { Kysely } from 'kysely'
import { inChunks, inLots } from './chunks.ts'
import type { LeftPushes, PushJournal, QueuedPush } from './store.ts'
import type { Database } from './tables.ts'
import { formatTimestamp, parseTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

export class KyselyPushJournal implements PushJournal {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  save(instance: string, pushes: readonly QueuedPush[]) {
    return atomically(this.#db, async (db) => {
      const latest = new Map(pushes.map((push) => [push.id, push]))
      for (const lot of inLots([...latest.values()])) {
        await db
          .insertInto('belfry_push_journal')
          .values(
            lot.map(({ id, content, queuedAt }) => ({ instance, id, content, queued_at: formatTimestamp(queuedAt) })),
          )
          .onConflict((conflict) =>
            conflict.columns(['instance', 'id']).doUpdateSet(({ ref }) => ({
              content: ref('excluded.content'),
              queued_at: ref('excluded.queued_at'),
            })),
          )
          .execute()
      }
    })
  }

  delete(instance: string, ids: readonly string[]) {
    return atomically(this.#db, async (db) => {
      for (const chunk of inChunks(ids)) {
        await db.deleteFrom('belfry_push_journal').where('instance', '=', instance).where('id', 'in', chunk).execute()
      }
    })
  }

  async mark(instance: string, wholeUntil: Date) {
    const whole_until = formatTimestamp(wholeUntil)
    await this.#db
      .insertInto('belfry_push_marks')
      .values({ instance, whole_until })
      .onConflict((conflict) => conflict.column('instance').doUpdateSet({ whole_until }))
      .execute()
  }

  async instances() {
    const rows = await this.#db.selectFrom('belfry_push_marks').select('instance').execute()
    return rows.map((row) => row.instance)
  }

  takeOver(from: string, to: string): Promise<LeftPushes | undefined> {
    return atomically(this.#db, async (db) => {
      const mark = await db
        .deleteFrom('belfry_push_marks')
        .where('instance', '=', from)
        .returning('whole_until')
        .executeTakeFirst()
      if (mark === undefined) return undefined
      const left = await db
        .selectFrom('belfry_push_journal')
        .select(['id', 'content', 'queued_at'])
        .where('instance', '=', from)
        // Of one millisecond, as they were saved.
        .orderBy('queued_at')
        .orderBy('number')
        .execute()
      if (from !== to) await move(db, from, to)
      const wholeUntil = parseTimestamp(mark.whole_until)
      // What it took over is its own now: should it end, too, before it has told of what `from` did not write down.
      const whole_until = formatTimestamp(wholeUntil)
      await db
        .updateTable('belfry_push_marks')
        .set({ whole_until })
        .where('instance', '=', to)
        .where('whole_until', '>', whole_until)
        .execute()
      const pushes = left.map(({ id, content, queued_at }) => ({ id, content, queuedAt: parseTimestamp(queued_at) }))
      return { pushes, wholeUntil }
    })
  }

  async endOf(instance: string) {
    await this.#db
      .deleteFrom('belfry_push_marks')
      .where('instance', '=', instance)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('belfry_push_journal').select('id').where('instance', '=', instance))),
      )
      .execute()
  }
}

/** What `to` has by the same id it took over before, when `from` was taken for ended and was not: that is an earlier form. */
async function move(db: Kysely<Database>, from: string, to: string): Promise<void> {
  const later = db.selectFrom('belfry_push_journal').select('id').where('instance', '=', from)
  await db.deleteFrom('belfry_push_journal').where('instance', '=', to).where('id', 'in', later).execute()
  await db.updateTable('belfry_push_journal').set({ instance: to }).where('instance', '=', from).execute()
}
