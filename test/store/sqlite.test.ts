import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Kysely } from 'kysely'
import { systemClock } from '#kit'
import { openStore } from '#store'
import { KyselyStore } from '../../src/store/kysely-store.ts'
import { NodeSqliteDialect, sqliteEngine } from '../../src/store/sqlite/dialect.ts'
import type { Database } from '../../src/store/tables.ts'
import { openTestStore } from './open-test-store.ts'
import { made, sampleCipher, sampleFolder, sampleUser } from './samples.ts'
import { storeSuite } from './suite.ts'
import { temporaryFolder } from './temporary-folder.ts'

storeSuite(openTestStore)

const forms = [
  ['2026-03-01 10:20:30', '2026-03-01T10:20:30.000Z'],
  ['2026-03-01 10:20:30.405', '2026-03-01T10:20:30.405Z'],
  ['2026-03-01 10:20:30.405678', '2026-03-01T10:20:30.405Z'],
  ['2026-03-01 10:20:30.405999999', '2026-03-01T10:20:30.405Z'],
  ['2026-03-01T10:20:30.405678901', '2026-03-01T10:20:30.405Z'],
  ['2026-03-01 10:20:30.405Z', '2026-03-01T10:20:30.405Z'],
  ['2026-03-01T10:20Z', '2026-03-01T10:20:00.000Z'],
  ['2026-03-01 10:20:30+00:00', '2026-03-01T10:20:30.000Z'],
  ['2026-03-01 10:20:30.5+02:00', '2026-03-01T08:20:30.500Z'],
] as const

for (const [text, moment] of forms) {
  test(`a date that Vaultwarden wrote as "${text}" is ${moment}, and moves forward from there`, async () => {
    await using opened = await openTestStore()
    const { users } = opened.store
    const user = sampleUser()
    await users.insert(user)
    await opened.query(`UPDATE users SET created_at = '${text}', updated_at = '${text}'`)
    const read = (await users.find(user.id))!
    assert.equal(read.createdAt.toISOString(), moment)
    assert.equal(read.updatedAt.toISOString(), moment)
    const earlier = new Date(read.updatedAt.getTime() - 60_000)
    const later = new Date(read.updatedAt.getTime() + 4)
    // SQLite rounds where a Date cuts off, hence a millisecond more at times.
    const touched = await users.touch(user.id, earlier)
    const forwardMs = touched.getTime() - read.updatedAt.getTime()
    assert.ok(forwardMs === 1 || forwardMs === 2, `${forwardMs} ms`)
    assert.equal((await users.touch(user.id, earlier)).getTime(), touched.getTime() + 1)
    assert.deepEqual(await users.touch(user.id, later), later)
  })
}

test('a date that nobody wrote is an error that shows it', async () => {
  await using opened = await openTestStore()
  const user = sampleUser()
  await opened.store.users.insert(user)
  await opened.query(`UPDATE users SET updated_at = 'yesterday'`)
  await assert.rejects(opened.store.users.find(user.id), /Cannot read the timestamp "yesterday"/)
})

test('dates, flags and bytes are kept as Vaultwarden keeps them', async () => {
  await using opened = await openTestStore()
  const { store } = opened
  const user = sampleUser()
  const cipher = sampleCipher(user.id, { deletedAt: made })
  await store.users.insert(user)
  await store.ciphers.insert(cipher)
  await store.ciphers.setArchived(user.id, [cipher.id], made)
  const [row] =
    await opened.query(`SELECT u.updated_at, u.enabled, typeof(u.enabled) AS flag, hex(u.password_hash) AS hash,
    typeof(u.password_hash) AS bytes, c.deleted_at, a.archived_at FROM users u, ciphers c, archives a`)
  const text = '2026-03-01 10:20:30.405000'
  assert.deepEqual(
    { ...row },
    {
      updated_at: text,
      enabled: 1,
      flag: 'integer',
      hash: '00FF80',
      bytes: 'blob',
      deleted_at: text,
      archived_at: text,
    },
  )
})

test('a year that the text has no room for is refused', async () => {
  await using opened = await openTestStore()
  const user = sampleUser({ updatedAt: new Date('+012345-01-01T00:00:00Z') })
  await assert.rejects(opened.store.users.insert(user), RangeError)
})

test('what was committed is there after the process was killed', { timeout: 20_000 }, async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  const child = spawn(process.execPath, [join(import.meta.dirname, 'crash-child.ts'), databaseFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  child.kill('SIGKILL')
  assert.equal((await exited)[1], 'SIGKILL')

  const { committed, open } = JSON.parse(line.toString())
  const store = await openStore({ kind: 'sqlite', databaseFile, clock: systemClock })
  try {
    assert.equal((await store.users.find(committed))?.id, committed)
    assert.equal(await store.users.find(open), undefined)
  } finally {
    await store.close()
  }
})

test('the lookups of every request go through an index', async () => {
  await using opened = await openTestStore()
  const plan = async (sql: string) =>
    (await opened.query(`EXPLAIN QUERY PLAN ${sql}`)).map((row) => String(row.detail)).join('\n')
  for (const sql of [
    `SELECT * FROM devices WHERE refresh_token = 'x'`,
    `SELECT * FROM devices WHERE user_uuid = 'x'`,
    `SELECT * FROM folders WHERE user_uuid = 'x'`,
    `SELECT * FROM ciphers WHERE user_uuid = 'x' AND uuid > 'y' ORDER BY uuid LIMIT 1`,
    `SELECT * FROM folders_ciphers WHERE folder_uuid = 'x'`,
    `SELECT * FROM folders_ciphers WHERE cipher_uuid = 'x'`,
    `SELECT * FROM users_organizations WHERE org_uuid = 'x'`,
    `SELECT * FROM belfry_web_push WHERE user_uuid = 'x'`,
    `SELECT * FROM belfry_push_registrations WHERE user_uuid = 'x'`,
  ]) {
    assert.doesNotMatch(await plan(sql), /SCAN|TEMP B-TREE/, sql)
  }
})

test('what waits for a lock of another process holds up nothing else, and is done when that is gone', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  const store = await openStore({ kind: 'sqlite', databaseFile, clock: systemClock })
  const other = new DatabaseSync(databaseFile)
  try {
    other.exec('BEGIN IMMEDIATE')
    const users = Array.from({ length: 5 }, () => sampleUser())
    const inserted = Promise.all([
      ...users.slice(0, 2).map((user) => store.users.insert(user)),
      ...users.slice(2).map((user) => store.transaction((inside) => inside.users.insert(user))),
    ])
    const first = await Promise.race([inserted.then(() => 'inserted'), pause(100, 'others')])
    assert.equal(first, 'others')
    other.exec('COMMIT')
    await inserted
    for (const { id } of users) assert.equal((await store.users.find(id))?.id, id)
  } finally {
    other.close()
    await store.close()
  }
})

test('of those that wait for a lock in vain, the last does not wait longer than the first', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await (await openStore({ kind: 'sqlite', databaseFile, clock: systemClock })).close()
  const patienceMs = 300
  const dialect = new NodeSqliteDialect(new DatabaseSync(databaseFile, { timeout: 0 }), { patienceMs })
  const store = new KyselyStore(new Kysely<Database>({ dialect }), sqliteEngine())
  const other = new DatabaseSync(databaseFile)
  try {
    other.exec('BEGIN IMMEDIATE')
    const beganMs = performance.now()
    const refused = await Promise.allSettled(
      Array.from({ length: 30 }, () => store.transaction(({ users }) => users.insert(sampleUser()))),
    )
    const tookMs = performance.now() - beganMs
    assert.ok(tookMs >= patienceMs && tookMs < 10 * patienceMs, `${tookMs} ms`)
    const codes = refused.map((one) => one.status === 'rejected' && one.reason.code)
    assert.deepEqual(new Set(codes), new Set(['DATABASE_UNAVAILABLE']))
    assert.equal(await store.users.find(sampleUser().id), undefined)
    other.exec('COMMIT')
    await store.transaction(({ users }) => users.insert(sampleUser()))
    // Another lock is waited for anew.
    other.exec('BEGIN IMMEDIATE')
    const inserted = store.users.insert(sampleUser())
    await pause(50)
    other.exec('COMMIT')
    await inserted
  } finally {
    other.close()
    await store.close()
  }
})

test('a disk that is full is an error that may pass', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await (await openStore({ kind: 'sqlite', databaseFile, clock: systemClock })).close()
  const database = new DatabaseSync(databaseFile, { timeout: 0 })
  const store = new KyselyStore(
    new Kysely<Database>({ dialect: new NodeSqliteDialect(database, { patienceMs: 0 }) }),
    sqliteEngine(),
  )
  try {
    const { page_count: pages } = database.prepare('PRAGMA page_count').get()!
    database.exec(`PRAGMA max_page_count = ${pages}`)
    const user = sampleUser()
    const fill = store.transaction(async ({ users, folders }) => {
      await users.insert(user)
      for (let i = 0; i < 2000; i++) await folders.insert(sampleFolder(user.id))
    })
    await assert.rejects(fill, { code: 'DATABASE_UNAVAILABLE', message: /full/ })
    assert.equal(await store.users.find(user.id), undefined)
    database.exec('PRAGMA max_page_count = 100000')
    await store.users.insert(user)
  } finally {
    await store.close()
  }
})

test('a statement outside a transaction is not kept waiting by a list that is being read', async () => {
  await using opened = await openTestStore()
  const { store } = opened
  const user = sampleUser()
  await store.users.insert(user)
  await store.folders.insert(sampleFolder(user.id))
  await store.transaction(async (inside) => {
    for (let i = 0; i < 1500; i++) await inside.ciphers.insert(sampleCipher(user.id))
  })
  const order: string[] = []
  const list = store.ciphers.ownOf(user.id).then(() => order.push('list'))
  const ping = store.ping().then(() => order.push('ping'))
  await Promise.all([list, ping])
  assert.deepEqual(order, ['ping', 'list'])
})
