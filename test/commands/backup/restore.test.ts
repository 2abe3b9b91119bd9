/** `belfry admin restore`: what comes where, what is kept, and when nothing is changed. */
import assert from 'node:assert/strict'
import {
  chmod,
  chown,
  cp,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { login, PASSWORD } from '../../helpers/account.ts'
import { unprivileged } from '../../helpers/postgres.ts'
import { runProgram } from '../../helpers/processes.ts'
import { readAll, serveFolder } from '../../helpers/vaultwarden-folder.ts'
import { once } from '../../helpers/wait.ts'
import { admin, BELFRY, filesIn, uploadsIn, vaultFolder } from './world.ts'

const asideIn = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith('before-restore-'))

for (const destination of ['saved', 'saved.tar.gz', 'saved.tar', '-']) {
  test(`what was saved is there again, and what was there before is kept: ${destination}`, async () => {
    await using given = await vaultFolder()
    const { dataFolder, folder, content, device } = given
    const env = { DATA_FOLDER: dataFolder, BACKUP: destination === '-' ? 'piped' : destination }
    const sh = (command: string) =>
      runProgram({ command: 'sh', args: ['-c', command, BELFRY, destination], cwd: folder.path, env })
    const saved = await sh(destination === '-' ? '"$0" admin backup - >piped' : '"$0" admin backup "$1"')
    assert.equal(saved.code, 0, saved.stderr)
    const wanted = await contents(dataFolder)

    // What becomes of it later: an item, a file and a key are gone, others have come.
    const [attachment = ''] = await uploadsIn(dataFolder)
    await rm(path.join(dataFolder, attachment))
    await mkdir(path.join(dataFolder, 'sends/7d6f6b3f-1111-4222-8333-444455556666'))
    await writeFile(path.join(dataFolder, 'sends/7d6f6b3f-1111-4222-8333-444455556666', 'a'.repeat(64)), 'later')
    await writeFile(path.join(dataFolder, 'rsa_key.pem'), 'another')
    await writeFile(path.join(dataFolder, 'config.json'), '{}')
    await mkdir(path.join(dataFolder, 'icon_cache'))
    await writeFile(path.join(dataFolder, 'icon_cache/x.png'), 'icon')
    {
      using database = new DatabaseSync(path.join(dataFolder, 'db.sqlite3'))
      database.exec(`UPDATE users SET name = 'later'`)
    }
    const later = await contents(dataFolder)

    const { code, stdout, stderr } = await sh('"$0" admin restore "$1" --yes <"$BACKUP"')
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /is whole: of \d{4}-.*No problems\..*Restored\..*before-restore-/s)
    const [aside = '', ...more] = await asideIn(dataFolder)
    assert.deepEqual(more, [])
    const now = await contents(dataFolder)
    const kept = Object.entries(later).filter(([name]) => !name.startsWith('icon_cache'))
    for (const [name, bytes] of kept) {
      // It is made a single file before it is moved.
      if (name !== 'db.sqlite3') assert.deepEqual(now[`${aside}/${name}`], bytes, name)
    }
    using before = new DatabaseSync(path.join(dataFolder, aside, 'db.sqlite3'), { readOnly: true })
    assert.equal(before.prepare('SELECT name FROM users').get()?.name, 'later')
    for (const name of Object.keys(now)) if (name.startsWith(aside)) delete now[name]
    assert.deepEqual(now['icon_cache/x.png'], later['icon_cache/x.png'])
    delete now['icon_cache/x.png']
    for (const each of [now, wanted]) delete each['db.sqlite3']
    assert.deepEqual(now, wanted)

    await using server = await serveFolder(dataFolder)
    const there = await login({ server: server.webUrl, email: device.email, password: PASSWORD })
    const { sync, ...rest } = await readAll(there)
    assert.deepEqual(rest, { twoFactor: content.twoFactor, files: content.files })
    assert.deepEqual(sync.ciphers, content.sync.ciphers)
    assert.equal(sync.profile.name, content.sync.profile.name)
  })
}

async function contents(folder: string): Promise<Record<string, Buffer>> {
  const found: Record<string, Buffer> = {}
  for (const name of await filesIn(folder)) found[name] = await readFile(path.join(folder, name))
  return found
}

test('everybody has changed, later than anything that was heard; pushes and marks of the old time are gone', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = { DATA_FOLDER: dataFolder }
  await (await serveFolder(dataFolder)).close()
  const file = path.join(dataFolder, 'db.sqlite3')
  {
    using database = new DatabaseSync(file)
    database.exec(`
      INSERT INTO belfry_heard SELECT user_uuid, uuid, '2099-01-01 00:00:00.000000' FROM devices;
      INSERT INTO belfry_push_journal (instance, id, content, queued_at) VALUES ('a', 'b', '{}', '2026-01-01 00:00:00.000000');
      INSERT INTO belfry_push_marks VALUES ('a', '2026-01-01 00:00:00.000000');
      INSERT INTO belfry_push_registrations SELECT user_uuid, uuid, 'p', 'digest', 1 FROM devices;
      INSERT INTO twofactor_incomplete (user_uuid, device_uuid, device_name, login_time, ip_address, device_type)
        SELECT user_uuid, uuid, 'd', '2026-01-01 00:00:00.000000', '127.0.0.1', 9 FROM devices;`)
  }
  assert.equal((await admin(['backup', 'saved'], folder.path, env)).code, 0)
  assert.equal((await admin(['restore', 'saved', '--yes'], folder.path, env)).code, 0)
  using database = new DatabaseSync(file, { readOnly: true })
  const all = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  assert.deepEqual(all('SELECT updated_at FROM users'), [{ updated_at: '2099-01-01 00:00:00.001000' }])
  for (const table of ['belfry_heard', 'belfry_push_journal', 'twofactor_incomplete']) {
    assert.deepEqual(all(`SELECT * FROM ${table}`), [], table)
  }
  const [mark, ...others] = all('SELECT * FROM belfry_push_marks')
  assert.deepEqual(others, [])
  assert.match(String(mark?.instance), /^restored /)
  assert.equal(mark?.whole_until, '2099-01-01 00:00:00.000000')
  assert.deepEqual(all('SELECT DISTINCT digest, is_refused FROM belfry_push_registrations'), [
    { digest: '', is_refused: 0 },
  ])
})

test('an empty place takes a backup: another machine', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  assert.equal((await admin(['backup', 'saved.tar.gz'], folder.path, { DATA_FOLDER: dataFolder })).code, 0)
  const env = { DATA_FOLDER: folder.join('new/place') }
  const { code, stdout, stderr } = await admin(['restore', 'saved.tar.gz', '--yes'], folder.path, env)
  assert.deepEqual([code, stderr], [0, ''])
  assert.doesNotMatch(stdout, /before-restore/)
  assert.deepEqual(
    (await filesIn(folder.join('new/place'))).sort(),
    (await filesIn(dataFolder)).filter((name) => !name.startsWith('tmp/')).sort(),
  )
  for (const name of await readdir(folder.join('new/place'), { recursive: true })) {
    const status = await stat(folder.join('new/place', name))
    assert.equal(status.mode & 0o777, status.isFile() ? 0o600 : 0o700, name)
  }
})

test('what root restores belongs to whom the data folder belongs', {
  skip: process.getuid?.() !== 0 && 'only root can give files away',
}, async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = { DATA_FOLDER: dataFolder }
  const somebody = (await unprivileged())!
  assert.equal((await admin(['backup', 'saved'], folder.path, env)).code, 0)
  await chown(dataFolder, somebody.uid, somebody.gid)
  assert.equal((await admin(['restore', 'saved', '--yes'], folder.path, env)).code, 0)
  const [aside = ''] = await asideIn(dataFolder)
  const restored = [aside, ...(await filesIn(folder.join('saved')))].filter((name) => name !== 'manifest.json')
  for (const name of restored) {
    const { uid, gid } = await stat(path.join(dataFolder, name))
    assert.deepEqual({ uid, gid }, somebody, name)
  }
})

test('where files lie elsewhere they are put there, and what was there is kept', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = {
    DATA_FOLDER: dataFolder,
    ATTACHMENTS_FOLDER: folder.join('files/attachments'),
    RSA_KEY_FILENAME: folder.join('keys/mine'),
  }
  await mkdir(folder.join('files'))
  await mkdir(folder.join('keys'))
  await rename(path.join(dataFolder, 'attachments'), folder.join('files/attachments'))
  await rename(path.join(dataFolder, 'rsa_key.pem'), folder.join('keys/mine.pem'))
  const before = await filesIn(folder.path)
  assert.equal((await admin(['backup', 'saved'], folder.path, env)).code, 0)
  assert.equal((await admin(['restore', 'saved', '--yes'], folder.path, env)).code, 0)
  await rm(folder.join('saved'), { recursive: true })
  const [aside = ''] = await asideIn(dataFolder)
  const kept = await filesIn(path.join(dataFolder, aside))
  assert.ok(kept.includes('rsa_key.pem') && kept.some((name) => name.startsWith('attachments/')), kept.join(' '))
  await rm(path.join(dataFolder, aside), { recursive: true })
  assert.deepEqual(await filesIn(folder.path), before)
})

test('a link to the database stays one, and what it led to is kept', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = { DATA_FOLDER: dataFolder }
  const [file, real] = [path.join(dataFolder, 'db.sqlite3'), folder.join('fast/vault.db')]
  await mkdir(folder.join('fast'))
  await rename(file, real)
  await symlink('../fast/vault.db', file)
  assert.equal((await admin(['backup', 'saved.tar'], folder.path, env)).code, 0)
  const nameIn = (database: string, name?: string) => {
    using opened = new DatabaseSync(database)
    if (name !== undefined) opened.prepare('UPDATE users SET name = ?').run(name)
    return opened.prepare('SELECT name FROM users').get()?.name
  }
  nameIn(real, 'of later')
  assert.equal((await admin(['restore', 'saved.tar', '--yes'], folder.path, env)).code, 0)
  assert.equal(await readlink(file), '../fast/vault.db')
  assert.notEqual(nameIn(real), 'of later')
  const [aside = ''] = await asideIn(dataFolder)
  assert.equal(nameIn(path.join(dataFolder, aside, 'db.sqlite3')), 'of later')
})

test('what `vaultwarden backup` has made can be restored with its folders, also as a part', {
  timeout: 180_000,
}, async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = { DATA_FOLDER: folder.join('new') }
  const copy = folder.join('copy')
  await cp(dataFolder, copy, { recursive: true })
  await rename(path.join(copy, 'db.sqlite3'), path.join(copy, 'db_20261122_093000.sqlite3'))
  const whole = await admin(['restore', copy, '--yes'], folder.path, env)
  assert.deepEqual([whole.code, whole.stderr], [0, ''])
  assert.match(whole.stdout, /is no backup of Belfry's, so there are no checksums/)
  assert.deepEqual(await filesIn(folder.join('new')), (await filesIn(dataFolder)).sort())
  // The database alone: the files stay.
  await rm(folder.join('part'), { recursive: true, force: true })
  await mkdir(folder.join('part'))
  await cp(path.join(copy, 'db_20261122_093000.sqlite3'), folder.join('part/db_20261122_093000.sqlite3'))
  const part = await admin(['restore', 'part', '--yes'], folder.path, env)
  assert.match(part.stdout, /No problems\./, part.stderr)
  const [aside = ''] = await asideIn(folder.join('new'))
  assert.deepEqual(await readdir(folder.join('new', aside)), ['db.sqlite3'])
  // In the data folder itself, beside the database that it is to replace.
  await cp(path.join(copy, 'db_20261122_093000.sqlite3'), folder.join('new/db_20261122_093000.sqlite3'))
  const several = await admin(['restore', folder.join('new'), '--yes'], folder.path, env)
  assert.match(
    several.stderr,
    /has several databases: name the one to restore, \S+db\.sqlite3 or \S+db_20261122_093000\.sqlite3\n$/,
  )
  const inside = await admin(['restore', folder.join('new/db_20261122_093000.sqlite3'), '--yes'], folder.path, env)
  assert.deepEqual([inside.code, inside.stderr], [0, ''])
})

test('a damaged database is kept, and does not stand in the way', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = { DATA_FOLDER: dataFolder }
  assert.equal((await admin(['backup', 'saved'], folder.path, env)).code, 0)
  for (const suffix of ['', '-wal', '-shm'])
    await writeFile(path.join(dataFolder, `db.sqlite3${suffix}`), `no database ${suffix}`)
  const { code, stderr } = await admin(['restore', 'saved', '--yes'], folder.path, env)
  assert.deepEqual([code, stderr], [0, ''])
  const [aside = ''] = await asideIn(dataFolder)
  assert.equal(await readFile(path.join(dataFolder, aside, 'db.sqlite3'), 'utf8'), 'no database ')
  assert.equal((await admin(['check-data', dataFolder], folder.path)).code, 0)
})

test('nothing is changed while a server runs, without an answer, or by a backup of another engine', {
  timeout: 180_000,
}, async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = { DATA_FOLDER: dataFolder }
  assert.equal((await admin(['backup', 'saved'], folder.path, env)).code, 0)
  const refused = async (args: readonly string[], reason: RegExp, changes = {}) => {
    const before = await contents(dataFolder)
    const { code, stderr, stdout } = await admin(['restore', ...args], folder.path, { ...env, ...changes })
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, reason)
    assert.deepEqual(await contents(dataFolder), before)
  }
  await refused(['saved'], /^belfry: Nobody can be asked here: --yes restores without a question\n$/)
  await refused(['nowhere', '--yes'], /^belfry: There is no backup at "nowhere"\n$/)
  await refused(['--yes'], /^belfry: Name the backup\n$/)
  await refused(['--continue'], /^belfry: No restore of ".*" was broken off\n$/)
  await refused([folder.path, '--yes'], /is no backup: it has neither a manifest\.json nor a database\n$/)
  {
    const socket = net.createServer().listen(path.join(dataFolder, 'control.sock'))
    await once(socket, 'listening')
    const { code, stderr } = await admin(['restore', 'saved', '--yes'], folder.path, env)
    assert.deepEqual([code, stderr], [1, `belfry: A server uses the data folder "${dataFolder}": stop it first\n`])
    socket.close()
  }
  const manifest = JSON.parse(await readFile(folder.join('saved/manifest.json'), 'utf8'))
  const files = manifest.files.map((file: { name: string }) => ({
    ...file,
    name: file.name.replace('db.sqlite3', 'database.pgdump'),
  }))
  await cp(folder.join('saved'), folder.join('other'), { recursive: true })
  await rename(folder.join('other/db.sqlite3'), folder.join('other/database.pgdump'))
  const other = { ...manifest, engine: 'PostgreSQL', postgresSchema: 'public', files }
  await writeFile(folder.join('other/manifest.json'), JSON.stringify(other))
  await refused(
    ['other', '--yes'],
    /^belfry: The backup is of a vault on PostgreSQL, and DATABASE_URL names one on SQLite\n$/,
  )
  await writeFile(folder.join('other/manifest.json'), JSON.stringify({ ...manifest, formatVersion: 2 }))
  await refused(
    ['other', '--yes'],
    /^belfry: The backup is that of a newer Belfry \(0\.\d+\.\d+\): restore it with that one\n$/,
  )

  await using server = await serveFolder(dataFolder)
  assert.equal((await fetch(`${server.webUrl}/alive`)).status, 200)
  const { code, stderr } = await admin(['restore', 'saved', '--yes'], folder.path, env)
  assert.equal(code, 1)
  assert.match(stderr, /^belfry: A server (?:has the database ".*" open|uses the data folder ".*"): stop it first\n$/)
  assert.deepEqual(await asideIn(dataFolder), [])
})

for (const [what, sql, reason] of [
  [
    'a newer Vaultwarden',
    `INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')`,
    /a newer Vaultwarden has changed it/,
  ],
  [
    'something else',
    'DROP TABLE __diesel_schema_migrations',
    /it is neither empty nor a database of Vaultwarden or Belfry/,
  ],
] as const) {
  test(`a database of ${what} is not restored`, async () => {
    await using given = await vaultFolder()
    const { dataFolder, folder } = given
    await cp(dataFolder, folder.join('copy'), { recursive: true })
    {
      using database = new DatabaseSync(folder.join('copy/db.sqlite3'))
      database.exec(sql)
    }
    const before = await contents(dataFolder)
    const { code, stderr } = await admin(['restore', 'copy', '--yes'], folder.path, { DATA_FOLDER: dataFolder })
    assert.equal(code, 1)
    assert.match(stderr, reason)
    assert.deepEqual(await contents(dataFolder), before)
  })
}

test('links in a backup are not followed', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  assert.equal((await admin(['backup', 'saved'], folder.path, { DATA_FOLDER: dataFolder })).code, 0)
  await chmod(folder.join('saved'), 0o700)
  const before = await contents(dataFolder)
  for (const name of ['config.json', 'attachments']) {
    await rename(folder.join('saved', name), folder.join(`moved-${name}`))
    await symlink(folder.join(`moved-${name}`), folder.join('saved', name))
    const { code } = await admin(['restore', 'saved', '--yes'], folder.path, { DATA_FOLDER: dataFolder })
    assert.equal(code, 1, name)
    assert.deepEqual(await contents(dataFolder), before)
    await rm(folder.join('saved', name))
    await rename(folder.join(`moved-${name}`), folder.join('saved', name))
  }
})

test('a pipe in the place of a file is refused, in a backup and in a data folder', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = { DATA_FOLDER: dataFolder }
  assert.equal((await admin(['backup', 'saved'], folder.path, env)).code, 0)
  for (const place of [folder.join('saved'), dataFolder]) {
    await rm(path.join(place, 'rsa_key.pem'))
    await runProgram({ command: 'mkfifo', args: [path.join(place, 'rsa_key.pem')] })
  }
  const restored = await admin(['restore', 'saved', '--yes'], folder.path, env)
  assert.equal(restored.code, 1)
  assert.match(restored.stderr, /^belfry: The backup cannot be used: "rsa_key\.pem" is no file\n$/)
  const saved = await admin(['backup', 'again'], folder.path, env)
  assert.equal(saved.code, 1)
  assert.match(saved.stderr, /^belfry: Cannot save ".*rsa_key\.pem": it is not a regular file\n$/)
})

test('a folder that cannot be written to is told in a line', {
  skip: process.getuid?.() !== 0 && 'only root can be somebody else',
}, async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = { DATA_FOLDER: dataFolder }
  assert.equal((await admin(['backup', 'saved.tar'], folder.path, env)).code, 0)
  const somebody = (await unprivileged())!
  await runProgram({ command: 'chown', args: ['-R', `${somebody.uid}:${somebody.gid}`, folder.path] })
  await chmod(dataFolder, 0o500)
  const { code, stderr } = await admin(['restore', 'saved.tar', '--yes'], folder.path, env, somebody)
  assert.equal(code, 1)
  assert.match(stderr, /^belfry: Cannot restore: EACCES: permission denied, mkdir '.*\.restoring'\n$/)
})

test('what cannot be finished says so, and how to go on', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  await mkdir(path.join(dataFolder, '.restoring'))
  await writeFile(path.join(dataFolder, '.restoring/config.json'), '{}')
  // Where its folder has to be there is a file.
  const slot = { name: 'config.json', kind: 'file', target: path.join(dataFolder, 'rsa_key.pem/x'), home: dataFolder }
  const journal = { phase: 'in', before: 'before-restore-x', slots: [slot], atMs: 0 }
  await writeFile(path.join(dataFolder, 'restore-under-way.json'), JSON.stringify(journal))
  const { code, stderr } = await admin(['restore', '--continue'], folder.path, { DATA_FOLDER: dataFolder })
  assert.equal(code, 1)
  assert.match(stderr, /^belfry: Cannot restore: .*\nbelfry: It is halfway now: mend that, .* --continue\n$/)
})

test('a reader that goes away does not stop it', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = { DATA_FOLDER: dataFolder }
  assert.equal((await admin(['backup', 'saved'], folder.path, env)).code, 0)
  const { stdout, stderr } = await runProgram({
    command: 'bash',
    args: ['-c', 'set -o pipefail; "$0" admin restore saved --yes | head -c 1 >/dev/null; echo $?', BELFRY],
    cwd: folder.path,
    env,
  })
  assert.deepEqual([stdout, stderr], ['0\n', ''])
  assert.equal((await asideIn(dataFolder)).length, 1)
})
