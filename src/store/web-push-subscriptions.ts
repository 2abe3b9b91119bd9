import { type Kysely, sql } from 'kysely'
import type { WebPushSubscription, WebPushSubscriptions } from './store.ts'
import type { Database } from './tables.ts'
import { formatTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

/** How long a subscription outlives its user: longer than anything waits for its push service, that they log out above all. */
const AFTER_THE_USER_MS = 2 * 24 * 60 * 60 * 1000

/** Each one is a request for each change of the account, to wherever it says: nobody has so many browsers. */
const MAX_PER_USER = 64

export class KyselyWebPushSubscriptions implements WebPushSubscriptions {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async count() {
    const query = this.#db.selectFrom('belfry_web_push').select(({ fn }) => fn.countAll().as('count'))
    return Number((await query.executeTakeFirstOrThrow()).count)
  }

  save({ userId, deviceId, endpoint, p256dh, auth }: WebPushSubscription, at: Date) {
    const address = { endpoint, p256dh, auth, seen_at: formatTimestamp(at) }
    return atomically(this.#db, async (db) => {
      await db
        .insertInto('belfry_web_push')
        .values({ user_uuid: userId, device_uuid: deviceId, ...address })
        .onConflict((conflict) => conflict.columns(['user_uuid', 'device_uuid']).doUpdateSet(address))
        .execute()
      await db
        .deleteFrom('belfry_web_push')
        .where('user_uuid', '=', userId)
        .where('device_uuid', 'in', surplusOf(userId, deviceId))
        .execute()
    })
  }

  async find(userId: string, deviceId: string) {
    const row = await this.#db
      .selectFrom('belfry_web_push')
      .select(['endpoint', 'p256dh', 'auth'])
      .where('user_uuid', '=', userId)
      .where('device_uuid', '=', deviceId)
      .executeTakeFirst()
    return row && { userId, deviceId, ...row }
  }

  async delete(userId: string, deviceId: string, endpoint: string) {
    await this.#db
      .deleteFrom('belfry_web_push')
      .where('user_uuid', '=', userId)
      .where('device_uuid', '=', deviceId)
      .where('endpoint', '=', endpoint)
      .execute()
  }

  sweep(now: Date, forgetBefore: Date) {
    const userGoneBefore = new Date(now.getTime() - AFTER_THE_USER_MS)
    return atomically(this.#db, async (db) => {
      await db
        .updateTable('belfry_web_push')
        .set({ seen_at: formatTimestamp(now) })
        .where(({ exists }) => exists(deviceOf))
        .execute()
      const { numDeletedRows } = await db
        .deleteFrom('belfry_web_push')
        .where(({ not, exists }) => not(exists(deviceOf)))
        .where(({ or, and, eb, not, exists }) =>
          or([
            eb('seen_at', '<', formatTimestamp(forgetBefore)),
            and([eb('seen_at', '<', formatTimestamp(userGoneBefore)), not(exists(userOf))]),
          ]),
        )
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    })
  }
}

const deviceOf = sql`(SELECT * FROM devices
  WHERE devices.user_uuid = belfry_web_push.user_uuid AND devices.uuid = belfry_web_push.device_uuid)`
const userOf = sql`(SELECT * FROM users WHERE users.uuid = belfry_web_push.user_uuid)`
/** Those for which there is no room beside that of `deviceId`: whose session is over, then whose was used longest ago. */
const surplusOf = (userId: string, deviceId: string) => sql<string>`(
  SELECT other.device_uuid FROM belfry_web_push AS other
  LEFT JOIN devices ON devices.user_uuid = other.user_uuid AND devices.uuid = other.device_uuid
  WHERE other.user_uuid = ${userId} AND other.device_uuid <> ${deviceId}
  ORDER BY devices.updated_at DESC NULLS LAST, other.seen_at DESC LIMIT 1000 OFFSET ${sql.lit(MAX_PER_USER - 1)})`
