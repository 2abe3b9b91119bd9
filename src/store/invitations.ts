import type { Kysely } from 'kysely'
import type { Invitations } from './store.ts'
import type { Database } from './tables.ts'

/** How far a membership has come; 2 is confirmed, -1 revoked. */
const INVITED = 0
const ACCEPTED = 1

export class KyselyInvitations implements Invitations {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async take(email: string) {
    const query = this.#db.deleteFrom('invitations').where('email', '=', email.toLowerCase())
    const { numDeletedRows } = await query.executeTakeFirstOrThrow()
    return numDeletedRows > 0n
  }

  async exists(email: string) {
    const query = this.#db.selectFrom('invitations').select('email').where('email', '=', email.toLowerCase())
    return (await query.executeTakeFirst()) !== undefined
  }

  async acceptMemberships(userId: string) {
    await this.#db
      .updateTable('users_organizations')
      .set({ status: ACCEPTED })
      .where('user_uuid', '=', userId)
      .where('status', '=', INVITED)
      .execute()
  }
}
