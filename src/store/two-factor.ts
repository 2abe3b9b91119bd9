import type { Kysely, Selectable } from 'kysely'
import type { IncompleteLogin, IncompleteLogins, TwoFactor, TwoFactors } from './store.ts'
import type { Database, TwoFactorTable } from './tables.ts'
import { formatTimestamp, parseTimestamp } from './timestamps.ts'

/** Logins handed out at once. */
const MAX_INCOMPLETE = 100

export class KyselyTwoFactors implements TwoFactors {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async find(userId: string, type: number) {
    const row = await this.#of(userId).where('atype', '=', type).executeTakeFirst()
    return row && toTwoFactor(row)
  }

  async ofUser(userId: string) {
    return (await this.#of(userId).orderBy('atype').execute()).map(toTwoFactor)
  }

  async put({ id, userId, type, enabled, data, lastUsed }: TwoFactor) {
    const content = { enabled, data, last_used: lastUsed }
    await this.#db
      .insertInto('twofactor')
      .values({ uuid: id, user_uuid: userId, atype: type, ...content })
      .onConflict((conflict) => conflict.columns(['user_uuid', 'atype']).doUpdateSet(content))
      .execute()
  }

  async useStep(userId: string, type: number, step: number) {
    const query = this.#db.updateTable('twofactor').set({ last_used: step })
    const used = query.where('user_uuid', '=', userId).where('atype', '=', type).where('last_used', '<', step)
    return (await used.executeTakeFirst()).numUpdatedRows > 0n
  }

  async delete(userId: string, type: number) {
    const query = this.#db.deleteFrom('twofactor').where('user_uuid', '=', userId).where('atype', '=', type)
    return (await query.executeTakeFirst()).numDeletedRows > 0n
  }

  async deleteAllOf(userId: string) {
    await this.#db.deleteFrom('twofactor').where('user_uuid', '=', userId).execute()
  }

  #of(userId: string) {
    return this.#db.selectFrom('twofactor').selectAll().where('user_uuid', '=', userId)
  }
}

export class KyselyIncompleteLogins implements IncompleteLogins {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async begin(login: IncompleteLogin) {
    await this.#db
      .insertInto('twofactor_incomplete')
      .values({
        user_uuid: login.userId,
        device_uuid: login.deviceId,
        device_name: login.deviceName,
        device_type: login.deviceType,
        login_time: formatTimestamp(login.at),
        ip_address: login.address,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }

  async end(userId: string, deviceId: string) {
    const query = this.#db.deleteFrom('twofactor_incomplete').where('user_uuid', '=', userId)
    await query.where('device_uuid', '=', deviceId).execute()
  }

  async before(at: Date) {
    const query = this.#db.selectFrom('twofactor_incomplete').selectAll()
    const rows = await query
      .where('login_time', '<', formatTimestamp(at))
      .orderBy('login_time')
      .limit(MAX_INCOMPLETE)
      .execute()
    return rows.map((row) => ({
      userId: row.user_uuid,
      deviceId: row.device_uuid,
      deviceName: row.device_name,
      deviceType: row.device_type,
      at: parseTimestamp(row.login_time),
      address: row.ip_address,
    }))
  }
}

const toTwoFactor = (row: Selectable<TwoFactorTable>): TwoFactor => ({
  id: row.uuid,
  userId: row.user_uuid,
  type: row.atype,
  enabled: Boolean(row.enabled),
  data: row.data,
  lastUsed: row.last_used,
})
