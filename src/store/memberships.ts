import type { Kysely } from 'kysely'
import type { Memberships } from './store.ts'
import type { Database } from './tables.ts'

/** `users_organizations.status` of a member who was confirmed. */
export const CONFIRMED = 2
/** `users_organizations.atype`. */
const OWNER = 0

export class KyselyMemberships implements Memberships {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async confirmedOf(userId: string) {
    const rows = await this.#db
      .selectFrom('users_organizations')
      .select('org_uuid')
      .where('user_uuid', '=', userId)
      .where('status', '=', CONFIRMED)
      .execute()
    return rows.map((row) => row.org_uuid)
  }

  async confirmedIn(organizationId: string) {
    const rows = await this.#db
      .selectFrom('users_organizations')
      .select('user_uuid')
      .where('org_uuid', '=', organizationId)
      .where('status', '=', CONFIRMED)
      .execute()
    return rows.map((row) => row.user_uuid)
  }

  async isLastOwner(userId: string) {
    const row = await this.#db
      .selectFrom('users_organizations as own')
      .select('own.uuid')
      .where('own.user_uuid', '=', userId)
      .where('own.status', '=', CONFIRMED)
      .where('own.atype', '=', OWNER)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('users_organizations as other')
              .select('other.uuid')
              .whereRef('other.org_uuid', '=', 'own.org_uuid')
              .where('other.user_uuid', '!=', userId)
              .where('other.status', '=', CONFIRMED)
              .where('other.atype', '=', OWNER),
          ),
        ),
      )
      .limit(1)
      .executeTakeFirst()
    return row !== undefined
  }
}
