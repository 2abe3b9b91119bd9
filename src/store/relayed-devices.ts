import type { Kysely } from 'kysely'
import { inChunks } from './chunks.ts'
import type { RelayedDevice, RelayedDevices } from './store.ts'
import type { Database } from './tables.ts'
import { formatTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

type Membership = Database['belfry_relayed_memberships']

export class KyselyRelayedDevices implements RelayedDevices {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  register(device: RelayedDevice, { at, maxDevices }: { at: Date; maxDevices: number }) {
    const { installationId, deviceId } = device
    const row = {
      user_id: device.userId,
      identifier: device.identifier,
      type: device.type,
      push_token: device.pushToken,
      registered_at: formatTimestamp(at),
    }
    return atomically(this.#db, async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('belfry_relayed_devices')
        .set(row)
        .where('installation_id', '=', installationId)
        .where('device_id', '=', deviceId)
        .executeTakeFirstOrThrow()
      if (numUpdatedRows === 0n) {
        await makeRoom(db, installationId, maxDevices)
        await db
          .insertInto('belfry_relayed_devices')
          .values({ installation_id: installationId, device_id: deviceId, ...row })
          .execute()
      }
      await membershipsOf(db, installationId, [deviceId]).execute()
      for (const chunk of inChunks(device.organizationIds)) {
        await join(
          db,
          chunk.map((id) => ({ installation_id: installationId, device_id: deviceId, organization_id: id })),
        )
      }
    })
  }

  delete(installationId: string, deviceId: string) {
    return atomically(this.#db, (db) => remove(db, installationId, deviceId))
  }

  addOrganization(installationId: string, deviceIds: readonly string[], organizationId: string) {
    return atomically(this.#db, async (db) => {
      for (const chunk of inChunks(deviceIds)) {
        const registered = await db
          .selectFrom('belfry_relayed_devices')
          .select('device_id')
          .where('installation_id', '=', installationId)
          .where('device_id', 'in', chunk)
          .execute()
        const place = { installation_id: installationId, organization_id: organizationId }
        await join(
          db,
          registered.map(({ device_id }) => ({ ...place, device_id })),
        )
      }
    })
  }

  deleteOrganization(installationId: string, deviceIds: readonly string[], organizationId: string) {
    return atomically(this.#db, async (db) => {
      for (const chunk of inChunks(deviceIds)) {
        await membershipsOf(db, installationId, chunk).where('organization_id', '=', organizationId).execute()
      }
    })
  }

  async organizationsOf(installationId: string, userId: string, identifier: string) {
    const rows = await this.#db
      .selectFrom('belfry_relayed_devices as device')
      .innerJoin('belfry_relayed_memberships as membership', (join) =>
        join
          .onRef('membership.installation_id', '=', 'device.installation_id')
          .onRef('membership.device_id', '=', 'device.device_id'),
      )
      .select('membership.organization_id')
      .distinct()
      .where('device.installation_id', '=', installationId)
      .where('device.user_id', '=', userId)
      .where('device.identifier', '=', identifier)
      .execute()
    return rows.map((row) => row.organization_id)
  }
}

/** Takes out those registered longest ago: apps that are in use register again and again. */
async function makeRoom(db: Kysely<Database>, installationId: string, maxDevices: number): Promise<void> {
  const { count } = await db
    .selectFrom('belfry_relayed_devices')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('installation_id', '=', installationId)
    .executeTakeFirstOrThrow()
  const tooMany = Number(count) + 1 - maxDevices
  if (tooMany <= 0) return
  const oldest = await db
    .selectFrom('belfry_relayed_devices')
    .select('device_id')
    .where('installation_id', '=', installationId)
    .orderBy('registered_at')
    .limit(tooMany)
    .execute()
  for (const row of oldest) await remove(db, installationId, row.device_id)
}

async function remove(db: Kysely<Database>, installationId: string, deviceId: string): Promise<void> {
  await membershipsOf(db, installationId, [deviceId]).execute()
  await db
    .deleteFrom('belfry_relayed_devices')
    .where('installation_id', '=', installationId)
    .where('device_id', '=', deviceId)
    .execute()
}

function membershipsOf(db: Kysely<Database>, installationId: string, deviceIds: readonly string[]) {
  return db
    .deleteFrom('belfry_relayed_memberships')
    .where('installation_id', '=', installationId)
    .where('device_id', 'in', deviceIds)
}

async function join(db: Kysely<Database>, rows: readonly Membership[]): Promise<void> {
  if (rows.length === 0) return
  await db
    .insertInto('belfry_relayed_memberships')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
