import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { systemClock } from '#kit'
import { openStore } from '#store'
import facts from '../vectors/vaultwarden-sqlite-schema.json' with { type: 'json' }
import { made, sampleDevice, sampleUser } from './samples.ts'
import { readCatalogue } from './sqlite-catalogue.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Makes a database, closes the store, and hands the file to `look`. */
async function withNewDatabase(look: (database: DatabaseSync) => void) {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await (await openStore({ kind: 'sqlite', databaseFile, clock: systemClock })).close()
  const database = new DatabaseSync(databaseFile)
  try {
    look(database)
  } finally {
    database.close()
  }
}

test('a new database has the tables of Vaultwarden, column by column and key by key', async () => {
  await withNewDatabase((database) => {
    const made = readCatalogue(database)
    assert.deepEqual(Object.keys(made), Object.keys(facts.tables))
    for (const [name, table] of Object.entries(facts.tables)) assert.deepEqual(made[name], table, name)
  })
})

test('a new database records every migration of Vaultwarden as run', async () => {
  await withNewDatabase((database) => {
    const rows = database.prepare('SELECT version FROM __diesel_schema_migrations ORDER BY version').all()
    assert.deepEqual(new Set(rows.map((row) => row.version)), new Set(facts.versions))
    assert.equal(rows.length, 56)
  })
})

test('Belfry’s own tables and indexes carry its name and refer to no other table', async () => {
  await withNewDatabase((database) => {
    const known = new Set(Object.keys(facts.tables))
    const own = database
      .prepare(`SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL`)
      .all()
      .filter((row) => !known.has(String(row.name)))
    assert.ok(own.length > 0)
    for (const { type, name, sql } of own) {
      assert.match(String(name), /^belfry_/)
      if (type === 'table') assert.doesNotMatch(String(sql), /REFERENCES/i)
    }
  })
})

test('what was heard by devices that Vaultwarden has deleted is forgotten at the next start', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  const open = () => openStore({ kind: 'sqlite', databaseFile, clock: systemClock })
  const user = sampleUser()
  const [kept, gone] = [sampleDevice(user.id), sampleDevice(user.id)]
  const first = await open()
  await first.users.insert(user)
  for (const device of [kept, gone]) await first.devices.insert(device)
  await first.heard.mark([kept, gone].map(({ id }) => ({ userId: user.id, deviceId: id, heardAt: made })))
  await first.close()
  using database = new DatabaseSync(databaseFile)
  database.exec(`DELETE FROM devices WHERE uuid = '${gone.id}'`)
  const marked = () =>
    database
      .prepare('SELECT device_uuid FROM belfry_heard')
      .all()
      .map((row) => row.device_uuid)
  assert.equal(marked().length, 2)
  await (await open()).close()
  assert.deepEqual(marked(), [kept.id])
})
