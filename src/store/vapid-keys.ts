import type { Kysely } from 'kysely'
import type { VapidKeys } from './store.ts'
import type { Database } from './tables.ts'

/** The one row that the table can have. */
const ONLY = 1

export class KyselyVapidKeys implements VapidKeys {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async claim(privateKey: string) {
    await this.#db
      .insertInto('belfry_vapid_key')
      .values({ id: ONLY, private_key: privateKey })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    // Nobody deletes the row.
    return (await this.#db.selectFrom('belfry_vapid_key').select('private_key').executeTakeFirstOrThrow()).private_key
  }

  async replace(privateKey: string) {
    await this.#db
      .insertInto('belfry_vapid_key')
      .values({ id: ONLY, private_key: privateKey })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ private_key: privateKey }))
      .execute()
  }
}
