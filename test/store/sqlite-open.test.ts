import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ConfigError, systemClock } from '#kit'
import { openStore } from '#store'
import { explain } from '../../src/store/sqlite/failure.ts'
import { sampleUser } from './samples.ts'
import { temporaryFolder } from './temporary-folder.ts'

const open = (databaseFile: string) => openStore({ kind: 'sqlite', databaseFile, clock: systemClock })

/** A database as Vaultwarden left it: nothing of Belfry's in it, in rollback-journal mode, changed by `sql`. */
async function vaultwardenDatabase(databaseFile: string, sql = '') {
  await (await open(databaseFile)).close()
  const database = new DatabaseSync(databaseFile)
  const own = database
    .prepare(`SELECT type, name FROM sqlite_schema WHERE name LIKE 'belfry_%' AND sql IS NOT NULL`)
    .all()
  for (const { type, name } of own.sort((a, b) => String(a.type).localeCompare(String(b.type)))) {
    database.exec(`DROP ${type} ${name}`)
  }
  database.exec(`PRAGMA journal_mode = DELETE; ${sql}`)
  database.close()
}

/**
 * Asserts that opening fails with one line that names the file and matches `reason`, and leaves the folder as it was: all
 * but the content of `-shm`, which is not kept but where running programs say what they read.
 */
async function assertRefused(folder: string, databaseFile: string, reason: RegExp) {
  const contents = () => readdirSync(folder).map((name) => [name, name.endsWith('-shm') || digest(join(folder, name))])
  const before = contents()
  await assert.rejects(open(databaseFile), (error: Error) => {
    assert.ok(error instanceof ConfigError, `${error.stack}`)
    assert.ok(error.message.startsWith(`Cannot open the database "${databaseFile}": `), error.message)
    assert.doesNotMatch(error.message, /\n/)
    assert.match(error.message, reason)
    return true
  })
  assert.deepEqual(contents(), before)
}

function digest(path: string) {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

test('a missing database is made, in write-ahead mode, and is there the next time', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  const user = sampleUser()
  const first = await open(databaseFile)
  await first.users.insert(user)
  assert.ok(readdirSync(folder.path).includes('db.sqlite3-wal'))
  await first.close()
  assert.deepEqual(readdirSync(folder.path), ['db.sqlite3'])
  const second = await open(databaseFile)
  assert.deepEqual(await second.users.find(user.id), user)
  await second.close()
})

test('an empty file becomes a database', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  writeFileSync(databaseFile, '')
  await (await open(databaseFile)).close()
  await (await open(databaseFile)).close()
})

test('a database of Vaultwarden opens with its content and gets Belfry’s tables beside', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await vaultwardenDatabase(databaseFile, `INSERT INTO invitations VALUES ('guest@example.com')`)
  const store = await open(databaseFile)
  assert.equal(await store.invitations.exists('guest@example.com'), true)
  const user = sampleUser()
  await store.users.insert(user)
  await store.users.setKeyId(user.id, 'key')
  assert.equal(await store.users.keyId(user.id), 'key')
  await store.close()
})

test('an index of Belfry’s that went with a rebuilt table is made again', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await (await open(databaseFile)).close()
  const count = () => {
    const database = new DatabaseSync(databaseFile)
    const rows = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'belfry_%'`).all()
    database.exec('DROP INDEX IF EXISTS belfry_ciphers_user')
    database.close()
    return rows.length
  }
  const before = count()
  await (await open(databaseFile)).close()
  assert.equal(count(), before)
})

test('a database of an older Vaultwarden is refused with the migrations it lacks, and is left as it was', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  const older = `DELETE FROM __diesel_schema_migrations WHERE version IN ('20240313', '20260505120000')`
  await vaultwardenDatabase(databaseFile, older)
  await assertRefused(folder.path, databaseFile, /older Vaultwarden \(without migrations 20240313, 20260505120000\)/)
})

test('a database of a newer Vaultwarden is refused with the migrations we do not know, and is left as it was', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await vaultwardenDatabase(databaseFile, `INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')`)
  await assertRefused(folder.path, databaseFile, /newer Vaultwarden .*20990101000000/)
})

test('an older database in write-ahead mode, cleanly closed or not, is refused and left as it was', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await vaultwardenDatabase(databaseFile, 'PRAGMA journal_mode = WAL')
  const running = new DatabaseSync(databaseFile)
  running.exec('DELETE FROM __diesel_schema_migrations WHERE version < 2019')
  await assertRefused(folder.path, databaseFile, /without migrations 20180114171611, /)
  running.close()
  assert.deepEqual(readdirSync(folder.path), ['db.sqlite3'])
  await assertRefused(folder.path, databaseFile, /without migrations 20180114171611, /)
})

test('a database that a newer Belfry changed is refused', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await (await open(databaseFile)).close()
  const database = new DatabaseSync(databaseFile)
  database.exec('INSERT INTO belfry_schema VALUES (1000)')
  database.close()
  await assertRefused(folder.path, databaseFile, /newer Belfry .*1000/)
})

test('a database of an earlier Belfry gets the steps it lacks', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await vaultwardenDatabase(
    databaseFile,
    `CREATE TABLE belfry_schema (version INTEGER NOT NULL PRIMARY KEY);
     CREATE TABLE belfry_user_keys (user_uuid TEXT NOT NULL PRIMARY KEY, key_id TEXT NOT NULL);
     INSERT INTO belfry_schema VALUES (1)`,
  )
  const user = sampleUser()
  const store = await open(databaseFile)
  await store.users.insert(user)
  await store.users.setKeyId(user.id, 'key')
  assert.equal(await store.users.keyId(user.id), 'key')
  await store.close()
  await (await open(databaseFile)).close()
})

test('an SQLite database of something else is refused', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  const database = new DatabaseSync(databaseFile)
  database.exec('CREATE TABLE users (id)')
  database.close()
  await assertRefused(folder.path, databaseFile, /neither empty nor a database of Vaultwarden/)
})

test('a file that is no database is refused', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  writeFileSync(databaseFile, 'Dear diary, '.repeat(1000))
  await assertRefused(folder.path, databaseFile, /not an SQLite database/)
})

test('a database whose pages are damaged is refused', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await vaultwardenDatabase(databaseFile)
  const bytes = readFileSync(databaseFile)
  bytes.fill(0xff, 100, 4096)
  writeFileSync(databaseFile, bytes)
  await assertRefused(folder.path, databaseFile, /damaged/)
})

test('a missing folder, a file as folder and a folder as file are each named', async () => {
  using folder = temporaryFolder()
  const missing = join(folder.path, 'missing')
  await assertRefused(folder.path, join(missing, 'db.sqlite3'), new RegExp(`there is no folder "${missing}"`))
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  await assertRefused(folder.path, join(file, 'db.sqlite3'), new RegExp(`"${file}" is not a folder`))
  mkdirSync(join(folder.path, 'db.sqlite3'))
  await assertRefused(folder.path, join(folder.path, 'db.sqlite3'), /it is a folder/)
})

/** Permissions do not bind root, so the tests that need them become someone else for a moment. */
async function withoutRoot(work: () => Promise<void>) {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid!(65534)
  try {
    await work()
  } finally {
    if (isRoot) process.seteuid!(0)
  }
}

const permissions = [
  { what: 'a folder that may not be written', folderMode: 0o555, fileMode: undefined, reason: /permission denied/ },
  { what: 'a folder that may not be entered', folderMode: 0o000, fileMode: undefined, reason: /permission denied/ },
  { what: 'a file that may not be read', folderMode: 0o777, fileMode: 0o000, reason: /permission denied/ },
  { what: 'a file that may not be written', folderMode: 0o777, fileMode: 0o444, reason: /read-only/ },
  {
    what: 'a file in a folder that may not be written',
    folderMode: 0o555,
    fileMode: 0o666,
    reason: /read-only/,
  },
]

for (const { what, folderMode, fileMode, reason } of permissions) {
  test(`${what} is an error that says so`, { skip: process.platform === 'win32' && 'POSIX permissions' }, async () => {
    using folder = temporaryFolder()
    chmodSync(folder.path, 0o755)
    const inner = join(folder.path, 'data')
    mkdirSync(inner)
    const databaseFile = join(inner, 'db.sqlite3')
    if (fileMode !== undefined) {
      await vaultwardenDatabase(databaseFile)
      chmodSync(databaseFile, fileMode)
    }
    chmodSync(inner, folderMode)
    try {
      await withoutRoot(() => assertRefused(folder.path, databaseFile, reason))
    } finally {
      chmodSync(inner, 0o755)
    }
  })
}

test('a lock that another program does not give up is an error that says so', async () => {
  using folder = temporaryFolder()
  const databaseFile = join(folder.path, 'db.sqlite3')
  await vaultwardenDatabase(databaseFile)
  const other = new DatabaseSync(databaseFile)
  other.exec('BEGIN EXCLUSIVE')
  // Not through openStore, which gives the other program five seconds.
  const impatient = new DatabaseSync(databaseFile, { timeout: 0 })
  try {
    assert.throws(
      () => impatient.exec('BEGIN IMMEDIATE'),
      (error) => {
        assert.match(
          String(explain(databaseFile, error)),
          /ConfigError: .*db\.sqlite3": another program has locked it$/,
        )
        return true
      },
    )
  } finally {
    impatient.close()
    other.close()
  }
})

test('a transaction that was cut off before write-ahead mode is undone when the database is opened', async () => {
  using folder = temporaryFolder()
  const [source, databaseFile] = [join(folder.path, 'source'), join(folder.path, 'db.sqlite3')]
  await vaultwardenDatabase(source, `INSERT INTO invitations VALUES ('guest@example.com')`)
  const cutOff = new DatabaseSync(source)
  // A cache this small makes SQLite write pages to the file before the commit, so that the journal is needed.
  cutOff.exec(`PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; DELETE FROM invitations;
    WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO invitations SELECT 'new' || i FROM n`)
  copyFileSync(source, databaseFile)
  copyFileSync(`${source}-journal`, `${databaseFile}-journal`)
  cutOff.close()
  const store = await open(databaseFile)
  assert.equal(await store.invitations.exists('guest@example.com'), true)
  assert.equal(await store.invitations.exists('new1'), false)
  await store.close()
})
