import { type Kysely, sql } from 'kysely'
import type { Database } from './tables.ts'

/** Rows looked at by one statement: a few milliseconds of everybody's time on SQLite. */
const PAGE = 1000

/** Our tables about Vaultwarden's rows, each with what a row of it cannot be without. */
const LEFT_BEHIND = {
  belfry_heard: sql`SELECT * FROM devices
    WHERE devices.uuid = belfry_heard.device_uuid AND devices.user_uuid = belfry_heard.user_uuid`,
  belfry_user_keys: sql`SELECT * FROM users WHERE users.uuid = belfry_user_keys.user_uuid`,
}

/** `Store.cleanUp`. */
export async function* cleanUp(db: Kysely<Database>): AsyncGenerator<number, void, undefined> {
  for (const [name, subject] of Object.entries(LEFT_BEHIND)) {
    const table = sql.table(name)
    for (let after: string | undefined = ''; after !== undefined; ) {
      const { rows } = await sql<{ user_uuid: string }>`
        SELECT user_uuid FROM ${table} WHERE user_uuid > ${after}
        ORDER BY user_uuid LIMIT 1 OFFSET ${sql.lit(PAGE - 1)}`.execute(db)
      const last: string | undefined = rows[0]?.user_uuid
      const page = last === undefined ? sql`user_uuid > ${after}` : sql`user_uuid > ${after} AND user_uuid <= ${last}`
      const deleted = await sql`DELETE FROM ${table} WHERE ${page} AND NOT EXISTS (${subject})`.execute(db)
      yield Number(deleted.numAffectedRows ?? 0)
      after = last
    }
  }
}
