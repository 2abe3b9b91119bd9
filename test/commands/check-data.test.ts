/** `belfry admin check-data`, over folders that Vaultwarden has left and such as a server is using. */
import assert from 'node:assert/strict'
import {
  chmod,
  copyFile as copy,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { systemClock } from '#kit'
import { openStore } from '#store'
import { contentOf } from '../helpers/folder-content.ts'
import { startPostgres, unprivileged } from '../helpers/postgres.ts'
import { runProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { serveFolder, type VaultwardenFolder, vaultwardenFolder } from '../helpers/vaultwarden-folder.ts'
import { postgresOptions } from '../store/open-postgres-store.ts'

const BELFRY = path.resolve(import.meta.dirname, '../../bin/belfry')

interface Setting {
  readonly env?: Readonly<Record<string, string>>
  readonly as?: { uid: number; gid: number } | undefined
}

function checkData(args: readonly string[], cwd: string, { env = {}, as }: Setting = {}) {
  return runProgram({ command: BELFRY, args: ['admin', 'check-data', ...args], cwd, env, ...as })
}

/** What it says of a folder of which nothing is wrong. */
function wholeReport({ dataFolder }: VaultwardenFolder, schema: string): string {
  return `Data folder   ${dataFolder}
Database      SQLite, ${dataFolder}/db.sqlite3
Schema        Vaultwarden's up to 20260505120000; ${schema}
Content       1 user, 6 items, 1 folder, 1 attachment, 1 Send
Key           ${dataFolder}/rsa_key.pem: RSA, 2048 bits, PKCS#1
Attachments   ${dataFolder}/attachments: 1 file, 16 bytes
Sends         ${dataFolder}/sends: 1 file, 12 bytes
Settings      ${dataFolder}/config.json: 1 setting in force
              without effect: org_creation_users

No problems.
`
}

test('it says what is in a folder of Vaultwarden, and changes nothing', async () => {
  await using given = await vaultwardenFolder()
  const before = await contentOf(given.dataFolder)
  const { code, stdout, stderr } = await checkData([given.dataFolder], given.folder.path)
  assert.deepEqual([code, stderr], [0, ''])
  assert.equal(stdout, wholeReport(given, 'only Vaultwarden has had it'))
  assert.deepEqual(await contentOf(given.dataFolder), before)
})

test('the folder is that of the settings when none is named, and may be read-only', async () => {
  await using given = await vaultwardenFolder()
  const as = await unprivileged()
  for (const name of await readdir(given.dataFolder, { recursive: true }))
    await chmod(path.join(given.dataFolder, name), 0o555)
  await chmod(given.dataFolder, 0o555)
  await chmod(given.folder.path, 0o755)
  const before = await contentOf(given.dataFolder)
  const env = { DATA_FOLDER: given.dataFolder }
  const { code, stdout, stderr } = await checkData([], given.folder.path, { env, as })
  assert.deepEqual([code, stderr], [0, ''])
  assert.equal(stdout, wholeReport(given, 'only Vaultwarden has had it'))
  assert.deepEqual(await contentOf(given.dataFolder), before)
  await chmod(given.dataFolder, 0o755)
  for (const name of await readdir(given.dataFolder, { recursive: true }))
    await chmod(path.join(given.dataFolder, name), 0o755)
})

test('it works beside a server that uses the folder, and makes no files there', async () => {
  await using given = await vaultwardenFolder()
  await using server = await serveFolder(given.dataFolder)
  assert.equal((await fetch(`${server.webUrl}/alive`)).status, 200)
  const names = () => readdir(given.dataFolder, { recursive: true })
  const before = await names()
  assert.ok(before.includes('db.sqlite3-wal'))
  const { code, stdout } = await checkData([given.dataFolder], given.folder.path)
  assert.equal(code, 0)
  assert.match(stdout, /Belfry's own part (\d+) of \1$/m)
  assert.match(stdout, /1 user, 6 items, 1 folder, 1 attachment, 1 Send/)
  assert.deepEqual(await names(), before)
})

for (const suffixes of [
  ['', '-wal'],
  ['', '-wal', '-shm'],
]) {
  test(`what a crash has left in db.sqlite3${suffixes.join(' ')} counts, also in a read-only folder`, async () => {
    await using given = await vaultwardenFolder()
    const as = await unprivileged()
    const databaseFile = path.join(given.dataFolder, 'db.sqlite3')
    const crashed = given.folder.join('crashed')
    await mkdir(crashed)
    {
      using database = new DatabaseSync(databaseFile)
      database.exec('PRAGMA journal_mode = WAL')
      database.exec(`INSERT INTO folders SELECT 'another', created_at, updated_at, user_uuid, name FROM folders`)
      for (const suffix of suffixes) await copy(databaseFile + suffix, path.join(crashed, `db.sqlite3${suffix}`))
    }
    await copy(path.join(given.dataFolder, 'rsa_key.pem'), path.join(crashed, 'rsa_key.pem'))
    for (const name of await readdir(crashed)) await chmod(path.join(crashed, name), 0o444)
    await chmod(crashed, 0o555)
    await chmod(given.folder.path, 0o755)
    const before = await contentOf(crashed)
    const { stdout, stderr } = await checkData([crashed], given.folder.path, { as })
    assert.match(stdout, /1 user, 6 items, 2 folders/, stderr)
    assert.deepEqual(await contentOf(crashed), before)
    await chmod(crashed, 0o755)
  })
}

test('it names what is wrong with files, key and settings', async () => {
  await using given = await vaultwardenFolder()
  const { dataFolder, folder } = given
  const file = async (what: string) => {
    const [owner] = (await readdir(path.join(dataFolder, what))).filter((name) => !name.startsWith('.'))
    const [id] = await readdir(path.join(dataFolder, what, owner!))
    return path.join(dataFolder, what, owner!, id!)
  }
  const attachment = await file('attachments')
  const sent = await file('sends')
  await rename(attachment, attachment.replace(/.{20}$/, '0'.repeat(20)))
  await truncate(sent, 5)
  await writeFile(path.join(dataFolder, 'tmp/broken-off'), 'x')
  await writeFile(path.join(dataFolder, 'tmp/under-way'), 'x')
  const longAgo = new Date('2026-01-01')
  for (const old of ['tmp/broken-off', path.relative(dataFolder, attachment).replace(/.{20}$/, '0'.repeat(20))]) {
    await utimes(path.join(dataFolder, old), longAgo, longAgo)
  }
  await rm(path.join(dataFolder, 'rsa_key.pem'))
  await writeFile(path.join(dataFolder, 'config.json'), '{"signups_allowed":false,"nonsense":1,"sso_enabled":null}')
  const { code, stdout } = await checkData([dataFolder], folder.path)
  assert.equal(code, 1)
  assert.match(stdout, /^ {14}unknown: nonsense$/m)
  assert.match(stdout, /^Left over {5}.*\/tmp: 1 file of uploads that were broken off$/m)
  const [, problems] = stdout.split('Problems:\n')
  assert.deepEqual(
    problems!.trim().split('\n').sort(),
    [
      `- ${attachment}: the file is missing`,
      `- ${attachment.replace(/.{20}$/, '0'.repeat(20))}: the database knows nothing of this file`,
      `- ${dataFolder}/rsa_key.pem: there is no key; a new one ends all sessions`,
      `- ${sent}: has 5 bytes, not 12`,
    ].sort(),
  )
})

test('it says whether the key of Web Push is there that browsers have subscribed with', async () => {
  await using given = await vaultwardenFolder()
  const { dataFolder, folder } = given
  const keyFile = path.join(dataFolder, 'vapid_key.pem')
  {
    await using server = await serveFolder(dataFolder)
    assert.equal((await fetch(`${server.webUrl}/alive`)).status, 200)
  }
  {
    using database = new DatabaseSync(path.join(dataFolder, 'db.sqlite3'))
    database.exec(
      `INSERT INTO belfry_web_push SELECT user_uuid, uuid, 'https://push.example/', '', '', '' FROM devices LIMIT 1`,
    )
  }
  const whole = await checkData([dataFolder], folder.path)
  assert.equal(whole.code, 0, whole.stdout)
  assert.match(whole.stdout, new RegExp(`^Web Push key  ${keyFile}: P-256, for 1 browser$`, 'm'))
  await rm(keyFile)
  const missing = await checkData([dataFolder], folder.path)
  assert.equal(missing.code, 1)
  assert.match(missing.stdout, /- \S+vapid_key\.pem: there is no key; 1 browser must subscribe anew with another one$/m)
  await writeFile(keyFile, 'no key')
  const broken = await checkData([dataFolder], folder.path)
  assert.equal(broken.code, 1)
  assert.match(broken.stdout, /- Cannot use the key in "\S+vapid_key\.pem": it is not an unencrypted PEM private key$/m)
})

test('a database that may not be read is told in a line', { skip: (await unprivileged()) === undefined }, async () => {
  await using given = await vaultwardenFolder()
  await chmod(given.folder.path, 0o755)
  await chmod(given.dataFolder, 0o755)
  const databaseFile = path.join(given.dataFolder, 'db.sqlite3')
  await chmod(databaseFile, 0o000)
  await chmod(path.join(given.dataFolder, 'config.json'), 0o444)
  const { code, stdout, stderr } = await checkData([given.dataFolder], '/', { as: await unprivileged() })
  assert.deepEqual(
    [code, stdout, stderr],
    [1, '', `belfry: Cannot open the database "${databaseFile}": permission denied\n`],
  )
})

test('what is damaged is told line by line', async () => {
  await using given = await vaultwardenFolder()
  const databaseFile = path.join(given.dataFolder, 'db.sqlite3')
  const file = await open(databaseFile, 'r+')
  for (const { page, pageSize } of pagesOf(databaseFile, 'emergency_access')) {
    // Says that there are five cells, of which there is none. (https://sqlite.org/fileformat.html §1.6)
    await file.write(Buffer.of(0, 5), 0, 2, (page - 1) * pageSize + 3)
  }
  await file.close()
  const { code, stdout, stderr } = await checkData([given.dataFolder], given.folder.path)
  assert.deepEqual([code, stderr], [1, ''])
  const [, problems = ''] = stdout.split('Problems:\n')
  assert.match(problems, /^(- the database is damaged: (?!\*).+\n)+$/)
})

/** The first page of a table and of each of its indexes. */
function pagesOf(databaseFile: string, table: string): { page: number; pageSize: number }[] {
  using database = new DatabaseSync(databaseFile, { readOnly: true })
  const rows = database.prepare('SELECT rootpage FROM sqlite_schema WHERE tbl_name = ?').all(table)
  const { page_size } = database.prepare('PRAGMA page_size').get() ?? {}
  return rows.map(({ rootpage }) => ({ page: Number(rootpage), pageSize: Number(page_size) }))
}

test('a file that is just being uploaded is no problem', async () => {
  await using given = await vaultwardenFolder()
  const owner = path.join(given.dataFolder, 'attachments/7d6f6b3f-1111-4222-8333-444455556666')
  await mkdir(owner)
  await writeFile(path.join(owner, 'a'.repeat(20)), 'x')
  const { code, stdout } = await checkData([given.dataFolder], given.folder.path)
  assert.equal(code, 0, stdout)
  assert.match(stdout, /attachments: 2 files, 17 bytes/)
})

for (const [what, sql, problem] of [
  [
    'newer',
    `INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')`,
    'a newer Vaultwarden has changed it',
  ],
  [
    'older',
    `DELETE FROM __diesel_schema_migrations WHERE version = '20240313'`,
    'it is of an older Vaultwarden (without migrations 20240313)',
  ],
] as const) {
  test(`the database of a ${what} Vaultwarden is a problem, whose migrations are named`, async () => {
    await using given = await vaultwardenFolder()
    {
      using database = new DatabaseSync(path.join(given.dataFolder, 'db.sqlite3'))
      database.exec(sql)
    }
    const before = await contentOf(given.dataFolder)
    const { code, stdout } = await checkData([given.dataFolder], given.folder.path)
    assert.equal(code, 1)
    assert.ok(stdout.includes(`- the database cannot be opened: ${problem}`), stdout)
    assert.deepEqual(await contentOf(given.dataFolder), before)
  })
}

for (const [what, make, reason] of [
  ['a folder that is not there', async () => {}, 'there is no database'],
  ['an empty folder', (data: string) => mkdir(data), 'there is no database'],
  ['a file', (data: string) => writeFile(data, 'x'), 'there is no database'],
  [
    'the database of another program',
    async (data: string) => {
      await mkdir(data)
      using database = new DatabaseSync(path.join(data, 'db.sqlite3'))
      database.exec('CREATE TABLE mine (x)')
    },
    'it is neither empty nor a database of Vaultwarden or Belfry',
  ],
] as const) {
  test(`${what} is no data folder`, async () => {
    await using folder = await temporaryFolder()
    const data = folder.join('data')
    await make(data)
    const before = await readdir(folder.path, { recursive: true })
    const { code, stdout, stderr } = await checkData([data], folder.path)
    assert.deepEqual([code, stdout, stderr], [2, '', `belfry: "${data}" is no data folder: ${reason}\n`])
    assert.deepEqual(await readdir(folder.path, { recursive: true }), before)
  })
}

test('a vault on PostgreSQL is looked at by DATABASE_URL, and its instances sign by the key in the folder', {
  skip: requireProgram('postgres').skip,
}, async () => {
  await using postgres = await startPostgres()
  await using given = await vaultwardenFolder()
  const url = await postgres.createDatabase()
  const store = await openStore({ ...postgresOptions(url), clock: systemClock })
  await store.signingKeys.claim('another')
  await store.close()
  const { code, stdout } = await checkData([given.dataFolder], given.folder.path, { env: { DATABASE_URL: url } })
  assert.equal(code, 1)
  assert.match(stdout, /^Database {6}PostgreSQL$/m)
  assert.match(stdout, /^Content {7}0 users, 0 items/m)
  assert.match(stdout, /rsa_key\.pem: instances on this database sign by another key$/m)
})
