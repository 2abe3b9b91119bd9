import type { Kysely } from 'kysely'
import type { UserKeyCopies } from './store.ts'
import type { Database } from './tables.ts'

/** `emergency_access.status` from which on the contact holds the key. */
const CONFIRMED = 2

export class KyselyUserKeyCopies implements UserKeyCopies {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async emergencyContactsOf(userId: string) {
    const rows = await this.#db
      .selectFrom('emergency_access')
      .innerJoin('users', 'users.uuid', 'emergency_access.grantee_uuid')
      .select(['emergency_access.uuid as id', 'users.uuid as userId', 'users.name', 'users.email'])
      .select('users.public_key as publicKey')
      .where('grantor_uuid', '=', userId)
      .where('status', '>=', CONFIRMED)
      .execute()
    return rows.map((row) => ({ ...row }))
  }

  async recoveringOrganizationsOf(userId: string) {
    const rows = await this.#db
      .selectFrom('users_organizations')
      .innerJoin('organizations', 'organizations.uuid', 'users_organizations.org_uuid')
      .select(['organizations.uuid as organizationId', 'organizations.name', 'organizations.public_key as publicKey'])
      .where('user_uuid', '=', userId)
      .where('reset_password_key', 'is not', null)
      .execute()
    return rows.map((row) => ({ ...row }))
  }

  async setForEmergency(id: string, key: string) {
    await this.#db.updateTable('emergency_access').set({ key_encrypted: key }).where('uuid', '=', id).execute()
  }

  async setForRecovery(userId: string, organizationId: string, key: string) {
    await this.#db
      .updateTable('users_organizations')
      .set({ reset_password_key: key })
      .where('user_uuid', '=', userId)
      .where('org_uuid', '=', organizationId)
      .execute()
  }
}
