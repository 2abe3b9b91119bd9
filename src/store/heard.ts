import { type Kysely, sql } from 'kysely'
import { inChunks } from './chunks.ts'
import type { Engine } from './engine.ts'
import type { Heard, HeardDevice, HeardMark, HeardState } from './store.ts'
import type { Database } from './tables.ts'
import { formatTimestamp, parseOptional, parseTimestamp } from './timestamps.ts'
import { atomically } from './transact.ts'

export class KyselyHeard implements Heard {
  readonly #db: Kysely<Database>
  readonly #engine: Engine

  constructor(db: Kysely<Database>, engine: Engine) {
    this.#db = db
    this.#engine = engine
  }

  async find(deviceId: string, userId: string) {
    const row = await statesIn(this.#db)
      .where('devices.uuid', '=', deviceId)
      .where('devices.user_uuid', '=', userId)
      .executeTakeFirst()
    return row && toState(row)
  }

  async findMany(devices: readonly HeardDevice[]) {
    const states = new Map<string, HeardState>()
    for (const ids of inChunks(devices.map(({ deviceId }) => deviceId))) {
      const rows = await statesIn(this.#db).where('devices.uuid', 'in', ids).execute()
      for (const row of rows) states.set(keyOf(row.device_id, row.user_id), toState(row))
    }
    return devices.map(({ deviceId, userId }) => states.get(keyOf(deviceId, userId)))
  }

  async mark(marks: readonly HeardMark[]) {
    const latest = new Map<string, HeardMark>()
    for (const mark of marks) {
      const key = keyOf(mark.deviceId, mark.userId)
      const other = latest.get(key)
      if (other === undefined || other.heardAt < mark.heardAt) latest.set(key, mark)
    }
    await atomically(this.#db, async (db) => {
      for (const keys of inChunks([...latest.keys()])) {
        const values = keys.map((key) => {
          const { userId, deviceId, heardAt } = latest.get(key)!
          return sql`(${userId}, ${deviceId}, ${this.#engine.timestamp(formatTimestamp(heardAt))})`
        })
        // A device that is gone meanwhile is not remembered again.
        await sql`
          INSERT INTO belfry_heard (user_uuid, device_uuid, heard_at)
          SELECT marks.column1, marks.column2, marks.column3
          FROM (VALUES ${sql.join(values)}) AS marks
          JOIN devices ON devices.uuid = marks.column2 AND devices.user_uuid = marks.column1
          WHERE true
          ON CONFLICT (user_uuid, device_uuid) DO UPDATE SET heard_at = excluded.heard_at
          WHERE excluded.heard_at > belfry_heard.heard_at`.execute(db)
      }
    })
  }
}

function statesIn(db: Kysely<Database>) {
  return db
    .selectFrom('devices')
    .innerJoin('users', 'users.uuid', 'devices.user_uuid')
    .leftJoin('belfry_heard', (join) =>
      join
        .onRef('belfry_heard.user_uuid', '=', 'devices.user_uuid')
        .onRef('belfry_heard.device_uuid', '=', 'devices.uuid'),
    )
    .select([
      'devices.uuid as device_id',
      'devices.user_uuid as user_id',
      'devices.created_at',
      'users.updated_at',
      'users.enabled',
      'users.security_stamp',
      'heard_at',
    ])
}

type StateRow = Awaited<ReturnType<ReturnType<typeof statesIn>['executeTakeFirstOrThrow']>>

function toState(row: StateRow): HeardState {
  return {
    heardAt: parseOptional(row.heard_at),
    deviceSince: parseTimestamp(row.created_at),
    accountChangedAt: parseTimestamp(row.updated_at),
    // What a session is compared with: a user who is disabled has none.
    securityStamp: row.enabled ? row.security_stamp : undefined,
  }
}

const keyOf = (deviceId: string, userId: string) => `${userId} ${deviceId}`
