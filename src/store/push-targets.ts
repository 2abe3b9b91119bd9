import { type Kysely, type RawBuilder, sql } from 'kysely'
import { CONFIRMED } from './memberships.ts'
import { isPhone } from './push-registrations.ts'
import type { PushTarget, PushTargets } from './store.ts'
import type { Database } from './tables.ts'
import { formatTimestamp } from './timestamps.ts'

export class KyselyPushTargets implements PushTargets {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async ofUser(userId: string) {
    const rows = await described(targetsIn(this.#db, sql`= ${userId}`)).execute()
    return rows.map(toTarget)
  }

  async ofOrganization(organizationId: string) {
    const members = this.#db
      .selectFrom('users_organizations')
      .select('user_uuid')
      .where('org_uuid', '=', organizationId)
      .where('status', '=', CONFIRMED)
    const rows = await described(withSession(targetsIn(this.#db, sql`IN ${members}`))).execute()
    return rows.map(toTarget)
  }

  async usersChangedSince(since: Date, afterUserId: string, limit: number) {
    const changed = this.#db
      .selectFrom('users')
      .select('uuid')
      .where('uuid', '>', afterUserId)
      // On SQLite dates are compared as texts, which Vaultwarden and we write in the same form.
      .where('updated_at', '>', formatTimestamp(since))
    const rows = await withSession(targetsIn(this.#db, sql`IN ${changed}`))
      .select('target.user_uuid')
      .distinct()
      .orderBy('target.user_uuid')
      .limit(limit)
      .execute()
    return rows.map((row) => row.user_uuid)
  }
}

/** Each device once, with all that is kept of it. `whose`: the condition on the user's id, without the column. */
function targetsIn(db: Kysely<Database>, whose: RawBuilder<unknown>) {
  const ofThem = sql<boolean>`user_uuid ${whose}`
  const target = db
    .selectFrom('devices')
    .select(['user_uuid', 'uuid as device_uuid'])
    .where(isPhone)
    .where(ofThem)
    .union(db.selectFrom('belfry_push_registrations').select(['user_uuid', 'device_uuid']).where(ofThem))
    .union(db.selectFrom('belfry_web_push').select(['user_uuid', 'device_uuid']).where(ofThem))
  return db
    .selectFrom(target.as('target'))
    .leftJoin('users', 'users.uuid', 'target.user_uuid')
    .leftJoin('devices', (join) =>
      join.onRef('devices.user_uuid', '=', 'target.user_uuid').onRef('devices.uuid', '=', 'target.device_uuid'),
    )
    .leftJoin('belfry_push_registrations as registration', (join) =>
      join
        .onRef('registration.user_uuid', '=', 'target.user_uuid')
        .onRef('registration.device_uuid', '=', 'target.device_uuid'),
    )
    .leftJoin('belfry_web_push as subscription', (join) =>
      join
        .onRef('subscription.user_uuid', '=', 'target.user_uuid')
        .onRef('subscription.device_uuid', '=', 'target.device_uuid'),
    )
    .where(({ or, eb }) => or([isReachable, eb('subscription.endpoint', 'is not', null)]))
}

/** By the relay. Without a registration it is about to be registered, or Vaultwarden has done so. */
const isReachable = sql<boolean>`CASE registration.is_refused WHEN 0 THEN true WHEN 1 THEN false ELSE coalesce(${isPhone}, false) END`

type Targets = ReturnType<typeof targetsIn>

/** Those that are logged in. The sessions of a user who is disabled do not hold. */
const withSession = (targets: Targets) =>
  targets.where('devices.uuid', 'is not', null).where('users.enabled', '=', true)

const described = (targets: Targets) =>
  targets
    .select(['target.user_uuid', 'target.device_uuid', 'devices.atype', 'devices.push_uuid', 'users.enabled'])
    .select([isReachable.as('is_phone'), 'registration.push_id'])
    .select(['subscription.endpoint', 'subscription.p256dh', 'subscription.auth'])

function toTarget(row: Awaited<ReturnType<ReturnType<typeof described>['execute']>>[number]): PushTarget {
  const { endpoint, p256dh, auth } = row
  return {
    userId: row.user_uuid,
    deviceId: row.device_uuid,
    type: row.atype,
    hasSession: row.atype !== null && Boolean(row.enabled),
    isPhone: Boolean(row.is_phone),
    pushId: row.push_id ?? row.push_uuid,
    webPush: endpoint !== null && p256dh !== null && auth !== null ? { endpoint, p256dh, auth } : null,
  }
}
