import { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '#kit'
import type { SqliteOptions } from '../options.ts'
import type { OccupiedDatabase } from '../restoration/index.ts'
import { BUSY, resultCode } from './failure.ts'
import { hasDatabase } from './path.ts'

/** For somebody who only looks: check-data, or a backup's last moments. Milliseconds. */
const PATIENCE_MS = 2000

/** See `occupyDatabase`. */
export async function occupySqlite({ databaseFile }: SqliteOptions): Promise<OccupiedDatabase> {
  if (!hasDatabase(databaseFile))
    return { isEmpty: true, dropAll: undefined, async makeReady() {}, async [Symbol.asyncDispose]() {} }
  const database = new DatabaseSync(databaseFile, { timeout: PATIENCE_MS })
  let isUsable = true
  try {
    // Whoever has a database with a write-ahead log open holds a lock on it all the time, and this takes them all.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
  } catch (error) {
    const code = (resultCode(error) ?? 0) & 0xff
    if (code === BUSY) {
      database.close()
      throw new ConfigError(`A server has the database "${databaseFile}" open: stop it first`)
    }
    if (code === 0) throw error
    // What is damaged nobody can use, and it may well be the reason for all this.
    isUsable = false
  }
  return {
    isEmpty: false,
    dropAll: undefined,
    async makeReady() {
      if (!isUsable) return
      // With a log SQLite would remove that by its name in the end, when it is another database's.
      database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
    },
    async [Symbol.asyncDispose]() {
      database.close()
    },
  }
}
