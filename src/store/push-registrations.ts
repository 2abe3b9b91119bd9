import { type Kysely, sql } from 'kysely'
import type { PushRegistration, PushRegistrations } from './store.ts'
import type { Database } from './tables.ts'

/** Of a row of `devices`: whether it is an Android or iOS device that has a push token. */
export const isPhone = sql<boolean>`(devices.atype IN (0, 1) AND devices.push_token <> '')`

export class KyselyPushRegistrations implements PushRegistrations {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async count() {
    const query = this.#db.selectFrom('belfry_push_registrations').select(({ fn }) => fn.countAll().as('count'))
    return Number((await query.executeTakeFirstOrThrow()).count)
  }

  async users(afterUserId: string, limit: number) {
    const page = sql`user_uuid > ${afterUserId} ORDER BY user_uuid LIMIT ${limit}`
    const { rows } = await sql<{ user_uuid: string }>`
      SELECT user_uuid FROM (SELECT DISTINCT user_uuid FROM devices WHERE ${isPhone} AND ${page}) AS phones
      UNION
      SELECT user_uuid FROM (SELECT DISTINCT user_uuid FROM belfry_push_registrations WHERE ${page}) AS registered
      ORDER BY user_uuid LIMIT ${limit}`.execute(this.#db)
    return rows.map((row) => row.user_uuid)
  }

  async phonesOf(userId: string) {
    const rows = await this.#db
      .selectFrom('devices')
      .leftJoin('belfry_push_registrations as registration', (join) =>
        join
          .onRef('registration.user_uuid', '=', 'devices.user_uuid')
          .onRef('registration.device_uuid', '=', 'devices.uuid'),
      )
      .select(['devices.uuid', 'devices.atype', 'devices.push_token', 'devices.push_uuid', 'registration.push_id'])
      .where('devices.user_uuid', '=', userId)
      .where(isPhone)
      .execute()
    return rows.map((row) => ({
      userId,
      deviceId: row.uuid,
      type: row.atype,
      pushToken: row.push_token!,
      pushId: row.push_id ?? row.push_uuid,
    }))
  }

  async ofUser(userId: string) {
    const query = this.#db.selectFrom('belfry_push_registrations').selectAll().where('user_uuid', '=', userId)
    return (await query.execute()).map((row) => ({
      userId,
      deviceId: row.device_uuid,
      pushId: row.push_id,
      digest: row.digest,
      isRefused: row.is_refused !== 0,
    }))
  }

  async claimPushId(userId: string, deviceId: string, pushId: string) {
    const registered = this.#db
      .selectFrom('belfry_push_registrations')
      .select('push_id')
      .where('user_uuid', '=', userId)
      .where('device_uuid', '=', deviceId)
    const row = await this.#db
      .updateTable('devices')
      .set(({ ref }) => ({ push_uuid: sql<string>`coalesce(${registered}, ${ref('push_uuid')}, ${pushId})` }))
      .where('user_uuid', '=', userId)
      .where('uuid', '=', deviceId)
      .returning('push_uuid')
      .executeTakeFirst()
    return row?.push_uuid ?? undefined
  }

  async save({ userId, deviceId, pushId, digest, isRefused }: PushRegistration) {
    const told = { push_id: pushId, digest, is_refused: isRefused ? 1 : 0 }
    await this.#db
      .insertInto('belfry_push_registrations')
      .values({ user_uuid: userId, device_uuid: deviceId, ...told })
      .onConflict((conflict) => conflict.columns(['user_uuid', 'device_uuid']).doUpdateSet(told))
      .execute()
  }

  async renew(userId: string, deviceId: string) {
    await this.#db
      .updateTable('belfry_push_registrations')
      .set({ digest: '', is_refused: 0 })
      .where('user_uuid', '=', userId)
      .where('device_uuid', '=', deviceId)
      .execute()
  }

  async delete(userId: string, deviceId: string, pushId: string) {
    await this.#db
      .deleteFrom('belfry_push_registrations')
      .where('user_uuid', '=', userId)
      .where('device_uuid', '=', deviceId)
      .where('push_id', '=', pushId)
      .execute()
  }

  async forgetToken(userId: string, deviceId: string, pushToken: string) {
    await this.#db
      .updateTable('devices')
      .set({ push_token: null })
      .where('user_uuid', '=', userId)
      .where('uuid', '=', deviceId)
      .where('push_token', '=', pushToken)
      .execute()
  }
}
