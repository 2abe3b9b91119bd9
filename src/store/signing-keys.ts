import type { Kysely } from 'kysely'
import type { SigningKeys } from './store.ts'
import type { Database } from './tables.ts'

/** The one row that the table can have. */
const ONLY = 1

export class KyselySigningKeys implements SigningKeys {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async find() {
    return (await this.#db.selectFrom('belfry_signing_key').select('fingerprint').executeTakeFirst())?.fingerprint
  }

  async claim(fingerprint: string) {
    await this.#db
      .insertInto('belfry_signing_key')
      .values({ id: ONLY, fingerprint })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    // Nobody deletes the row.
    return (await this.find())!
  }

  async replace(fingerprint: string) {
    await this.#db
      .insertInto('belfry_signing_key')
      .values({ id: ONLY, fingerprint })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ fingerprint }))
      .execute()
  }
}
