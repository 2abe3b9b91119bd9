import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemClock } from '#kit'
import { openStore } from '#store'
import type { TestStore } from './suite.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** On SQLite. */
export async function openTestStore(): Promise<TestStore> {
  const folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  const store = await openStore({ kind: 'sqlite', databaseFile, clock: systemClock })
  const beside = new DatabaseSync(databaseFile, { timeout: 1000 })
  return {
    store,
    query: async (sql) => beside.prepare(sql).all(),
    async [Symbol.asyncDispose]() {
      beside.close()
      await store.close()
      folder[Symbol.dispose]()
    },
  }
}
