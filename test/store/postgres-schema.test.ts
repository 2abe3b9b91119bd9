import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import facts from '../vectors/vaultwarden-postgres-schema.json' with { type: 'json' }
import { openPostgres, queryPostgres } from './open-postgres-store.ts'
import { readCatalogue } from './postgres-catalogue.ts'
import { made, sampleCipher, sampleDevice, sampleUser } from './samples.ts'

const { skip } = requireProgram('postgres')

describe('the schema on PostgreSQL', { skip }, async () => {
  if (skip) return
  const server = await startPostgres()
  after(() => server[Symbol.asyncDispose]())

  async function newDatabase(): Promise<string> {
    const url = await server.createDatabase()
    await (await openPostgres(url)).close()
    return url
  }

  test('has the tables of Vaultwarden, column by column and key by key', async () => {
    const made = await readCatalogue(await newDatabase())
    assert.deepEqual(Object.keys(made), Object.keys(facts.tables))
    for (const [name, table] of Object.entries(facts.tables)) assert.deepEqual(made[name], table, name)
  })

  test('records every migration of Vaultwarden as run', async () => {
    const rows = await queryPostgres(await newDatabase(), 'SELECT version FROM __diesel_schema_migrations')
    assert.deepEqual(new Set(rows.map((row) => row.version)), new Set(facts.versions))
    assert.equal(rows.length, 46)
  })

  test('has tables and indexes of Belfry’s own, which carry its name and refer to no other table', async () => {
    const url = await newDatabase()
    const named = await queryPostgres(
      url,
      `SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
    )
    const known = new Set(
      Object.entries(facts.tables).flatMap(([name, { constraints }]) => [name, ...constraints.map(([name]) => name)]),
    )
    const own = named.map(({ name }) => String(name)).filter((name) => !known.has(name))
    assert.ok(own.includes('belfry_heard') && own.includes('belfry_ciphers_user'))
    for (const name of own) assert.match(name, /^belfry_/)
    const foreign = await queryPostgres(
      url,
      `SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text LIKE 'belfry%'`,
    )
    assert.deepEqual(foreign, [])
  })

  test('keeps dates, flags and bytes as Vaultwarden keeps them, whatever the database has set', async () => {
    const url = await newDatabase()
    const name = new URL(url).pathname.slice(1)
    await queryPostgres(
      url,
      `ALTER DATABASE ${name} SET datestyle = 'German'; ALTER DATABASE ${name} SET timezone = 'Asia/Tokyo';
       ALTER DATABASE ${name} SET bytea_output = 'escape'`,
    )
    const store = await openPostgres(url)
    const user = sampleUser()
    const cipher = sampleCipher(user.id, { deletedAt: made })
    await store.users.insert(user)
    await store.ciphers.insert(cipher)
    await store.ciphers.setArchived(user.id, [cipher.id], made)
    assert.deepEqual(await store.users.find(user.id), user)
    assert.deepEqual(await store.ciphers.findOwn(user.id, cipher.id), {
      ...cipher,
      folderId: null,
      favorite: false,
      archivedAt: made,
      attachments: [],
    })
    await store.close()
    const [row] = await queryPostgres(
      url,
      `SELECT to_char(u.updated_at, 'YYYY-MM-DD HH24:MI:SS.US') AS updated_at, enabled, encode(u.password_hash, 'hex') AS hash,
         to_char(c.deleted_at, 'YYYY-MM-DD HH24:MI:SS.US') AS deleted_at,
         to_char(a.archived_at, 'YYYY-MM-DD HH24:MI:SS.US') AS archived_at FROM users u, ciphers c, archives a`,
    )
    const text = '2026-03-01 10:20:30.405000'
    assert.deepEqual(row, { updated_at: text, enabled: true, hash: '00ff80', deleted_at: text, archived_at: text })
  })

  for (const [text, moment] of [
    ['2026-03-01 10:20:30', '2026-03-01T10:20:30.000Z'],
    ['2026-03-01 10:20:30.4', '2026-03-01T10:20:30.400Z'],
    ['2026-03-01 10:20:30.405678', '2026-03-01T10:20:30.405Z'],
    ['2026-03-01 10:20:30.405999', '2026-03-01T10:20:30.405Z'],
  ] as const) {
    test(`reads a date that Vaultwarden wrote as "${text}", and moves it forward from there`, async () => {
      const url = await newDatabase()
      const store = await openPostgres(url)
      const user = sampleUser()
      await store.users.insert(user)
      await queryPostgres(url, `UPDATE users SET updated_at = '${text}'`)
      const read = (await store.users.find(user.id))!
      assert.equal(read.updatedAt.toISOString(), moment)
      const earlier = new Date(read.updatedAt.getTime() - 60_000)
      assert.equal((await store.users.touch(user.id, earlier)).getTime(), read.updatedAt.getTime() + 1)
      await store.users.update({ ...user, updatedAt: earlier })
      assert.equal((await store.users.find(user.id))!.updatedAt.getTime(), read.updatedAt.getTime() + 1)
      const later = new Date(read.updatedAt.getTime() + 4)
      assert.deepEqual(await store.users.touch(user.id, later), later)
      await store.close()
    })
  }

  test('forgets at the next start what was heard by devices that Vaultwarden has deleted', async () => {
    const url = await server.createDatabase()
    const user = sampleUser()
    const [kept, gone] = [sampleDevice(user.id), sampleDevice(user.id)]
    const store = await openPostgres(url)
    await store.users.insert(user)
    for (const device of [kept, gone]) await store.devices.insert(device)
    await store.heard.mark([kept, gone].map(({ id }) => ({ userId: user.id, deviceId: id, heardAt: made })))
    await store.close()
    await queryPostgres(url, `DELETE FROM devices WHERE uuid = '${gone.id}'`)
    await (await openPostgres(url)).close()
    const marked = await queryPostgres(url, 'SELECT device_uuid FROM belfry_heard')
    assert.deepEqual(marked, [{ device_uuid: kept.id }])
  })

  test('has an index for the lookups of every request', async () => {
    const url = await newDatabase()
    // Tables as small as these are read whole otherwise.
    const plan = async (sql: string) =>
      JSON.stringify(await queryPostgres(url, `SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN ${sql}`))
    for (const sql of [
      `SELECT * FROM users WHERE email = 'x'`,
      `SELECT * FROM devices WHERE refresh_token = 'x'`,
      `SELECT * FROM devices WHERE user_uuid = 'x'`,
      `SELECT * FROM folders WHERE user_uuid = 'x'`,
      `SELECT * FROM ciphers WHERE user_uuid = 'x' AND uuid > 'y' ORDER BY uuid LIMIT 1`,
      `SELECT * FROM folders_ciphers WHERE folder_uuid = 'x'`,
      `SELECT * FROM folders_ciphers WHERE cipher_uuid = 'x'`,
      `SELECT * FROM archives WHERE cipher_uuid = 'x'`,
      `SELECT * FROM belfry_heard WHERE user_uuid = 'x'`,
      `SELECT * FROM users_organizations WHERE org_uuid = 'x'`,
      `SELECT * FROM belfry_web_push WHERE user_uuid = 'x'`,
      `SELECT * FROM belfry_push_registrations WHERE user_uuid = 'x'`,
    ]) {
      assert.doesNotMatch(await plan(sql), /Seq Scan|Sort/, sql)
    }
  })
})
