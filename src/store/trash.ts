import type { Kysely } from 'kysely'
import type { Trash, TrashOwner } from './store.ts'
import type { Database } from './tables.ts'
import { formatTimestamp } from './timestamps.ts'

export class KyselyTrash implements Trash {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async nextOwner(before: Date) {
    const row = await trashed(this.#db, before)
      .select(['user_uuid', 'organization_uuid'])
      .orderBy('deleted_at')
      .limit(1)
      .executeTakeFirst()
    return row && { userId: row.user_uuid, organizationId: row.organization_uuid }
  }

  async idsOf({ userId, organizationId }: TrashOwner, before: Date, limit: number) {
    const rows = await trashed(this.#db, before)
      .select('ciphers.uuid')
      .where('user_uuid', userId === null ? 'is' : '=', userId)
      .where('organization_uuid', organizationId === null ? 'is' : '=', organizationId)
      .orderBy('deleted_at')
      .limit(limit)
      .execute()
    return rows.map(({ uuid }) => uuid)
  }
}

/** On SQLite the dates are compared as texts, which Vaultwarden and we write in the same form. */
const trashed = (db: Kysely<Database>, before: Date) =>
  db.selectFrom('ciphers').where('deleted_at', '<', formatTimestamp(before))
