import { type Kysely, type RawBuilder, sql } from 'kysely'
import { CONFIRMED } from './memberships.ts'
import { isPhone } from './push-registrations.ts'
import type { PushTarget, PushTargets } from './store.ts'
import type { Database } from './tables.ts'
import { formatTimestamp } from './timestamps.ts'

/** In SQL as it is: for each event a user is looked up, and to put the query together would take longer than its answer. */
export class KyselyPushTargets implements PushTargets {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async ofUser(userId: string) {
    const { rows } = await sql<TargetRow>`
      SELECT ${COLUMNS} ${targetsOf(sql`= ${userId}`)} WHERE ${CAN_BE_TOLD}`.execute(this.#db)
    return rows.map(toTarget)
  }

  async ofOrganization(organizationId: string) {
    const members = sql`SELECT user_uuid FROM users_organizations
      WHERE org_uuid = ${organizationId} AND status = ${sql.lit(CONFIRMED)}`
    const { rows } = await sql<TargetRow>`
      SELECT ${COLUMNS} ${targetsOf(sql`IN (${members})`)} WHERE ${CAN_BE_TOLD} AND ${HAS_SESSION}`.execute(this.#db)
    return rows.map(toTarget)
  }

  async usersChangedSince(since: Date, afterUserId: string, limit: number) {
    // On SQLite dates are compared as texts, which Vaultwarden and we write in the same form. User by user, so that a page
    // costs what is on it, however many have changed.
    const { rows } = await sql<{ uuid: string }>`
      SELECT users.uuid FROM users
      WHERE users.uuid > ${afterUserId} AND users.updated_at > ${formatTimestamp(since)} AND users.enabled = true
        AND EXISTS (
          SELECT 1 FROM devices
          LEFT JOIN belfry_push_registrations AS registration
            ON registration.user_uuid = devices.user_uuid AND registration.device_uuid = devices.uuid
          LEFT JOIN belfry_web_push AS subscription
            ON subscription.user_uuid = devices.user_uuid AND subscription.device_uuid = devices.uuid
          WHERE devices.user_uuid = users.uuid AND ${CAN_BE_TOLD}
        )
      ORDER BY users.uuid LIMIT ${limit}`.execute(this.#db)
    return rows.map((row) => row.uuid)
  }
}

/** Each device once, with all that is kept of it. `whose`: the condition on the user's id, without the column. */
const targetsOf = (whose: RawBuilder<unknown>) => sql`
  FROM (
    SELECT user_uuid, uuid AS device_uuid FROM devices WHERE ${isPhone} AND user_uuid ${whose}
    UNION SELECT user_uuid, device_uuid FROM belfry_push_registrations WHERE user_uuid ${whose}
    UNION SELECT user_uuid, device_uuid FROM belfry_web_push WHERE user_uuid ${whose}
  ) AS target
  LEFT JOIN users ON users.uuid = target.user_uuid
  LEFT JOIN devices ON devices.user_uuid = target.user_uuid AND devices.uuid = target.device_uuid
  LEFT JOIN belfry_push_registrations AS registration
    ON registration.user_uuid = target.user_uuid AND registration.device_uuid = target.device_uuid
  LEFT JOIN belfry_web_push AS subscription
    ON subscription.user_uuid = target.user_uuid AND subscription.device_uuid = target.device_uuid`

/** Without a registration a phone is about to be registered, or Vaultwarden has done so. */
const BY_RELAY = sql`CASE registration.is_refused WHEN 0 THEN true WHEN 1 THEN false ELSE coalesce(${isPhone}, false) END`

const CAN_BE_TOLD = sql`(${BY_RELAY} OR subscription.endpoint IS NOT NULL)`

/** The sessions of a user who is disabled do not hold. */
const HAS_SESSION = sql`(devices.uuid IS NOT NULL AND users.enabled = true)`

const COLUMNS = sql`target.user_uuid, target.device_uuid, devices.atype, ${HAS_SESSION} AS has_session,
  ${BY_RELAY} AS is_phone, coalesce(registration.push_id, devices.push_uuid) AS push_id,
  subscription.endpoint, subscription.p256dh, subscription.auth`

interface TargetRow {
  readonly user_uuid: string
  readonly device_uuid: string
  readonly atype: number | null
  readonly has_session: boolean | number
  readonly is_phone: boolean | number
  readonly push_id: string | null
  /** All three or none. */
  readonly endpoint: string | null
  readonly p256dh: string | null
  readonly auth: string | null
}

function toTarget(row: TargetRow): PushTarget {
  const { endpoint, p256dh, auth } = row
  return {
    userId: row.user_uuid,
    deviceId: row.device_uuid,
    type: row.atype,
    hasSession: Boolean(row.has_session),
    isPhone: Boolean(row.is_phone),
    pushId: row.push_id,
    webPush: endpoint !== null && p256dh !== null && auth !== null ? { endpoint, p256dh, auth } : null,
  }
}
