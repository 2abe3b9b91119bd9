import type { Kysely } from 'kysely'
import type { UserKeyCopies } from './store.ts'
import type { Database } from './tables.ts'

export class KyselyUserKeyCopies implements UserKeyCopies {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async emergencyContactsOf(userId: string) {
    const rows = await this.#db
      .selectFrom('emergency_access')
      // Who is only invited is known by the address.
      .innerJoin('users', (join) =>
        join.on(({ and, eb, or, ref }) =>
          or([
            eb('users.uuid', '=', ref('emergency_access.grantee_uuid')),
            and([eb('grantee_uuid', 'is', null), eb('users.email', '=', ref('emergency_access.email'))]),
          ]),
        ),
      )
      .select(['emergency_access.uuid as id', 'status', 'atype as type', 'wait_time_days as waitTimeDays'])
      .select(['users.uuid as userId', 'users.name', 'users.email', 'users.avatar_color as avatarColor'])
      .select('users.public_key as publicKey')
      .where('grantor_uuid', '=', userId)
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
