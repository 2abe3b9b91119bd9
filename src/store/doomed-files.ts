import { type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import type { DoomedFile, DoomedFiles } from './store.ts'
import type { Database } from './tables.ts'
import { atomically } from './transact.ts'

export class KyselyDoomedFiles implements DoomedFiles {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async some(limit: number, after?: DoomedFile) {
    const all = this.#db.selectFrom('belfry_doomed_files').selectAll().orderBy('owner').orderBy('id').limit(limit)
    const query =
      after &&
      all.where(({ eb, refTuple, tuple }) => eb(refTuple('owner', 'id'), '>', tuple(after.owner, after.id ?? '')))
    const rows = await (query ?? all).execute()
    return rows.map(({ kind, owner, id }): DoomedFile => ({ kind: kind as DoomedFile['kind'], owner, id: id || null }))
  }

  async forget(files: readonly DoomedFile[]) {
    await atomically(this.#db, async (db) => {
      for (const { owner, id } of files) {
        const query = db.deleteFrom('belfry_doomed_files').where('owner', '=', owner)
        await query.where('id', '=', id ?? '').execute()
      }
    })
  }
}

/** Dooms the files that `rows` speaks of, in the transaction that deletes those rows. It must have a condition. */
export async function doom<Table extends keyof Database>(
  db: Kysely<Database>,
  kind: DoomedFile['kind'],
  rows: SelectQueryBuilder<Database, Table, { owner: string; id: string }>,
): Promise<void> {
  await db
    .insertInto('belfry_doomed_files')
    .columns(['owner', 'id', 'kind'])
    .expression(rows.select(sql.lit(kind).as('kind')))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Of all attachments, to be narrowed down. */
export const filesOf = (db: Kysely<Database>) => db.selectFrom('attachments').select(['cipher_uuid as owner', 'id'])
