import { type Kysely, type Selectable, sql } from 'kysely'
import type { Device, Devices } from './store.ts'
import type { Database, DeviceTable } from './tables.ts'
import { formatTimestamp, parseTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

export class KyselyDevices implements Devices {
  readonly #db: Kysely<Database>

  constructor(db: Kysely<Database>) {
    this.#db = db
  }

  async find(id: string, userId: string) {
    const query = this.#db.selectFrom('devices').selectAll().where('uuid', '=', id).where('user_uuid', '=', userId)
    const row = await query.executeTakeFirst()
    return row && toDevice(row)
  }

  async findByRefreshToken(refreshToken: string) {
    const query = this.#db.selectFrom('devices').selectAll().where('refresh_token', '=', refreshToken)
    const row = await query.executeTakeFirst()
    return row && toDevice(row)
  }

  async ofUser(userId: string) {
    const rows = await this.#db.selectFrom('devices').selectAll().where('user_uuid', '=', userId).execute()
    return rows.map(toDevice)
  }

  async insert(device: Device) {
    await this.#db
      .insertInto('devices')
      .values({
        uuid: device.id,
        user_uuid: device.userId,
        created_at: formatTimestamp(device.createdAt),
        ...settingsOf(device),
      })
      .execute()
  }

  async update(device: Device) {
    await this.#db
      .updateTable('devices')
      .set(settingsOf(device))
      .where('uuid', '=', device.id)
      .where('user_uuid', '=', device.userId)
      .execute()
  }

  async touch(id: string, userId: string, at: Date) {
    await this.#db
      .updateTable('devices')
      .set({ updated_at: formatTimestamp(at) })
      .where('uuid', '=', id)
      .where('user_uuid', '=', userId)
      .execute()
  }

  async clearPushToken(id: string) {
    const query = this.#db.updateTable('devices').set({ push_token: null }).where('uuid', '=', id)
    const cleared = await query.where('push_token', 'is not', null).returning('user_uuid').execute()
    if (cleared.length > 0) return cleared.map((row) => row.user_uuid)
    const known = await this.#db.selectFrom('devices').select('uuid').where('uuid', '=', id).executeTakeFirst()
    return known && []
  }

  async releasePushToken(pushToken: string, exceptId: string) {
    const released = await this.#db
      .updateTable('devices')
      .set({ push_token: null })
      .where('push_token', '=', pushToken)
      // As the index has it.
      .where(sql`substr(push_token, 1, 64)`, '=', sql`substr(CAST(${pushToken} AS TEXT), 1, 64)`)
      .where('uuid', '!=', exceptId)
      .returning('user_uuid')
      .execute()
    return [...new Set(released.map((row) => row.user_uuid))]
  }

  async delete(id: string, userId: string) {
    await atomically(this.#db, async (db) => {
      await db.deleteFrom('belfry_heard').where('user_uuid', '=', userId).where('device_uuid', '=', id).execute()
      await db.deleteFrom('devices').where('user_uuid', '=', userId).where('uuid', '=', id).execute()
    })
  }

  async deleteAllOf(userId: string) {
    await atomically(this.#db, async (db) => {
      for (const table of ['belfry_heard', 'devices'] as const) {
        await db.deleteFrom(table).where('user_uuid', '=', userId).execute()
      }
    })
  }
}

function toDevice(row: Selectable<DeviceTable>): Device {
  return {
    id: row.uuid,
    userId: row.user_uuid,
    createdAt: parseTimestamp(row.created_at),
    updatedAt: parseTimestamp(row.updated_at),
    name: row.name,
    type: row.atype,
    pushToken: row.push_token,
    pushId: row.push_uuid,
    refreshToken: row.refresh_token,
    twoFactorRemember: row.twofactor_remember,
  }
}

/** Every column that an update writes. */
function settingsOf(device: Device) {
  return {
    updated_at: formatTimestamp(device.updatedAt),
    name: device.name,
    atype: device.type,
    push_token: device.pushToken,
    push_uuid: device.pushId,
    refresh_token: device.refreshToken,
    twofactor_remember: device.twoFactorRemember,
  }
}
