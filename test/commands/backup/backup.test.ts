/** `belfry admin backup`: what is in a backup, and what is left of one that comes to nothing. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { folderTarget } from '../../../src/commands/admin/backup/folder-target.ts'
import { tarFileTarget } from '../../../src/commands/admin/backup/tar-target.ts'
import { contentOf } from '../../helpers/folder-content.ts'
import { runProgram } from '../../helpers/processes.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { serveFolder, type VaultwardenFolder } from '../../helpers/vaultwarden-folder.ts'
import { until } from '../../helpers/wait.ts'
import { admin, BELFRY, filesIn, startAdmin, uploadsIn, vaultFolder } from './world.ts'

const settings = ({ dataFolder }: VaultwardenFolder) => ({ DATA_FOLDER: dataFolder })

test('a folder of Vaultwarden is saved as it is, and nothing in it changes', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  await mkdir(path.join(dataFolder, 'templates/email'), { recursive: true })
  await writeFile(path.join(dataFolder, 'templates/email/welcome.hbs'), 'hello')
  await mkdir(path.join(dataFolder, 'icon_cache'))
  await writeFile(path.join(dataFolder, 'icon_cache/example.com.png'), 'x')
  const before = await contentOf(dataFolder)
  const { code, stdout, stderr } = await admin(['backup', 'saved'], folder.path, settings(given))
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^Saved 1 user, 6 items, 1 attachment, 1 Send \(\d+ files, \d+ bytes\) to saved\n$/)
  assert.deepEqual(await contentOf(dataFolder), before)
  const wanted = (await filesIn(dataFolder)).filter((name) => !name.startsWith('icon_cache/'))
  assert.deepEqual(await filesIn(folder.join('saved')), [...wanted, 'manifest.json'].sort())
  for (const name of wanted.filter((name) => name !== 'db.sqlite3')) {
    assert.deepEqual(await readFile(folder.join('saved', name)), await readFile(path.join(dataFolder, name)), name)
  }
  const checked = await admin(['check-data', folder.join('saved')], folder.path)
  assert.match(checked.stdout, /only Vaultwarden has had it.*No problems\.\n$/s)
})

test('it is for its owner only, and its manifest has the size and SHA-256 of each file', async () => {
  await using given = await vaultFolder()
  const { folder } = given
  assert.equal((await admin(['backup', 'saved'], folder.path, settings(given))).code, 0)
  assert.equal((await admin(['backup', 'saved.tar'], folder.path, settings(given))).code, 0)
  for (const name of [
    'saved',
    ...(await readdir(folder.join('saved'), { recursive: true })).map((n) => `saved/${n}`),
  ]) {
    const status = await stat(folder.join(name))
    assert.equal(status.mode & 0o777, status.isFile() ? 0o600 : 0o700, name)
  }
  assert.equal((await stat(folder.join('saved.tar'))).mode & 0o777, 0o600)
  const { files, ...manifest } = JSON.parse(await readFile(folder.join('saved/manifest.json'), 'utf8'))
  assert.equal(manifest.engine, 'SQLite')
  assert.ok(Math.abs(Date.parse(manifest.date) - Date.now()) < 60_000)
  const names = files.map(({ name }: { name: string }) => name)
  assert.deepEqual([...names, 'manifest.json'].sort(), await filesIn(folder.join('saved')))
  for (const { name, size, sha256 } of files) {
    const bytes = await readFile(folder.join('saved', name))
    assert.deepEqual([bytes.length, createHash('sha256').update(bytes).digest('hex')], [size, sha256])
  }
})

test('it has a name by itself, and goes to stdout, in a form that any tar reads', async () => {
  await using given = await vaultFolder()
  const { folder } = given
  const { stdout } = await admin(['backup'], folder.path, settings(given))
  const [, name = ''] = /to (belfry-backup-\d{8}-\d{6}\.tar\.gz)$/m.exec(stdout) ?? []
  const listed = await runProgram({ command: 'tar', args: ['tzf', name], cwd: folder.path })
  assert.deepEqual([listed.code, listed.stderr], [0, ''])
  const piped = await runProgram({
    command: 'sh',
    args: ['-c', '"$0" admin backup - | tar tz', BELFRY],
    cwd: folder.path,
    env: settings(given),
  })
  assert.match(piped.stderr, /^Saved 1 user.* to stdout\n$/)
  assert.deepEqual(piped.stdout.split('\n').sort(), listed.stdout.split('\n').sort())
})

test('files that no row names are left out', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const before = await uploadsIn(dataFolder)
  await mkdir(path.join(dataFolder, 'attachments/7d6f6b3f-1111-4222-8333-444455556666'))
  await writeFile(path.join(dataFolder, 'attachments/7d6f6b3f-1111-4222-8333-444455556666', 'a'.repeat(20)), 'x')
  assert.equal((await admin(['backup', 'saved'], folder.path, settings(given))).code, 0)
  assert.deepEqual(await uploadsIn(folder.join('saved')), before)
})

test('a vault that lacks a file is saved all the same, and the exit code says so', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const [attachment = ''] = await uploadsIn(dataFolder)
  await rm(path.join(dataFolder, attachment))
  const { code, stdout, stderr } = await admin(['backup', 'saved'], folder.path, settings(given))
  assert.equal(code, 3)
  assert.match(stdout, /^Saved /)
  assert.equal(stderr, `belfry: the vault itself lacks 1 file that its database names:\n- ${attachment}\n`)
  const { missing } = JSON.parse(await readFile(folder.join('saved/manifest.json'), 'utf8'))
  assert.deepEqual(missing, [attachment])
})

test('settings say where the files lie', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const env = {
    DATA_FOLDER: folder.join('elsewhere'),
    DATABASE_URL: path.join(dataFolder, 'db.sqlite3'),
    RSA_KEY_FILENAME: path.join(dataFolder, 'rsa_key'),
    ATTACHMENTS_FOLDER: path.join(dataFolder, 'attachments'),
    SENDS_FOLDER: path.join(dataFolder, 'sends'),
    CONFIG_FILE: path.join(dataFolder, 'config.json'),
  }
  const { code, stderr } = await admin(['backup', 'saved'], folder.path, env)
  assert.deepEqual([code, stderr], [0, ''])
  const wanted = (await filesIn(dataFolder)).filter((name) => !name.startsWith('tls/'))
  assert.deepEqual(await filesIn(folder.join('saved')), [...wanted, 'manifest.json'].sort())
})

test('what another process has written and not yet moved into the database file is saved', async () => {
  await using given = await vaultFolder()
  await using server = await serveFolder(given.dataFolder)
  const { token } = given.device
  const response = await fetch(`${server.webUrl}/api/folders`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token.access_token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: given.device.encrypt('new') }),
  })
  assert.equal(response.status, 200)
  const { folder } = given
  assert.equal((await admin(['backup', 'saved'], folder.path, settings(given))).code, 0)
  using database = new DatabaseSync(folder.join('saved/db.sqlite3'), { readOnly: true })
  assert.equal(database.prepare('SELECT count(*) AS count FROM folders').get()?.count, 2)
})

for (const destination of ['there', 'there.tar.gz', 'there.tar']) {
  test(`nothing that is there is replaced: ${destination}`, async () => {
    await using given = await vaultFolder()
    const { folder } = given
    await writeFile(folder.join(destination), 'precious')
    const { code, stderr } = await admin(['backup', destination], folder.path, settings(given))
    assert.equal(code, 1)
    assert.equal(
      stderr,
      `belfry: There is something at "${folder.join(destination)}" already: a backup never replaces anything\n`,
    )
    assert.equal(await readFile(folder.join(destination), 'utf8'), 'precious')
  })
}

test('a link that leads nowhere is not replaced either', async () => {
  await using given = await vaultFolder()
  const { folder } = given
  await symlink('nowhere', folder.join('there.tar'))
  const { code, stderr } = await admin(['backup', 'there.tar'], folder.path, settings(given))
  assert.equal(code, 1)
  assert.match(stderr, /^belfry: There is something at ".*there\.tar" already: a backup never replaces anything\n$/)
  assert.equal(await readlink(folder.join('there.tar')), 'nowhere')
})

for (const destination of ['saved', 'saved.tar']) {
  test(`of several backups to one place at once one is there, and the others say so: ${destination}`, async () => {
    await using given = await vaultFolder()
    const { folder } = given
    const target = () => (destination === 'saved' ? folderTarget : tarFileTarget)(folder.join(destination))
    const targets = [await target(), await target()]
    for (const [i, one] of targets.entries()) await one.add('config.json', 1, Readable.from([Buffer.from(String(i))]))
    await targets[0]!.finish()
    await assert.rejects(targets[1]!.finish(), /^ConfigError: There is something at ".*" by now/)
    await targets[1]!.discard()
    assert.deepEqual((await readdir(folder.path)).sort(), ['data', destination])
    const kept = destination === 'saved' ? folder.join('saved/config.json') : folder.join('saved.tar')
    assert.match((await readFile(kept, 'utf8')).slice(destination === 'saved' ? 0 : 512), /^0/)
  })
}

test('a folder whose restore was broken off is not saved', async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  await writeFile(path.join(dataFolder, 'restore-under-way.json'), '{}')
  const { code, stdout, stderr } = await admin(['backup', 'saved'], folder.path, settings(given))
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /was broken off: "belfry admin restore --continue" finishes it\n$/)
  assert.deepEqual(await readdir(folder.path), ['data'])
})

for (const [what, spoil, reason] of [
  ['there is none', (file: string) => rm(file), /Cannot open the database .*: it is not there$/m],
  ['it is damaged', damage, /the database is damaged: belfry admin check-data says where$/m],
] as const) {
  test(`no database, no backup: ${what}`, async () => {
    await using given = await vaultFolder()
    const { dataFolder, folder } = given
    await spoil(path.join(dataFolder, 'db.sqlite3'))
    const { code, stdout, stderr } = await admin(['backup', 'saved.tar'], folder.path, settings(given))
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, reason)
    assert.deepEqual(await readdir(folder.path), ['data'])
  })
}

/** Says of a table that nobody asks for here that it has five rows, of which there is none (sqlite.org/fileformat.html §1.6). */
async function damage(databaseFile: string): Promise<void> {
  let page = 0
  {
    using database = new DatabaseSync(databaseFile)
    page = Number(
      database.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'emergency_access'`).get()?.rootpage,
    )
  }
  const file = await open(databaseFile, 'r+')
  await file.write(Buffer.of(0, 5), 0, 2, (page - 1) * 4096 + 3)
  await file.close()
}

for (const destination of ['saved', 'saved.tar.gz', 'saved.tar', '-']) {
  test(`a disk that takes no more leaves nothing behind: ${destination}`, async () => {
    await using given = await vaultFolder()
    await using tmp = await temporaryFolder()
    const { folder } = given
    // No file may have more than 64 KiB, which the system says to whoever writes on.
    const { code, stderr, stdout } = await runProgram({
      command: 'sh',
      args: ['-c', 'ulimit -f 128; exec "$0" admin backup "$1" >"$2"', BELFRY, destination, folder.join('stdout')],
      cwd: folder.path,
      env: { ...settings(given), TMPDIR: tmp.path },
    })
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^belfry: .*(?:File too large|EFBIG|disk is full|failed)/i)
    assert.equal(stderr.split('\n').length, 2, stderr)
    assert.deepEqual((await readdir(folder.path)).sort(), ['data', 'stdout'])
    assert.deepEqual(await readdir(tmp.path), [])
  })
}

test('a reader that goes away ends it with a line', async () => {
  await using given = await vaultFolder()
  const { folder, dataFolder } = given
  // Nothing that gzip could make small enough for the pipe.
  const [attachment = ''] = await uploadsIn(dataFolder)
  await writeFile(path.join(dataFolder, attachment), randomBytes(4_000_000))
  const { stdout, stderr } = await runProgram({
    command: 'bash',
    args: ['-c', 'set -o pipefail; "$0" admin backup - | head -c 10 >/dev/null; echo $?', BELFRY],
    cwd: folder.path,
    env: settings(given),
  })
  assert.equal(stdout, '1\n')
  assert.match(stderr, /^belfry: Cannot write the backup: .*EPIPE\n$/)
})

test('SIGTERM leaves nothing behind', async () => {
  await using given = await vaultFolder()
  const { folder, dataFolder } = given
  const [attachment = ''] = await uploadsIn(dataFolder)
  // Sparse: long to read, quick to make.
  const file = await open(path.join(dataFolder, attachment), 'r+')
  await file.truncate(2_000_000_000)
  await file.close()
  for (const destination of ['saved', 'saved.tar.gz']) {
    await using program = startAdmin(['backup', destination], folder.path, settings(given))
    await until(async () => (await readdir(folder.path)).some((name) => name.includes('.unfinished-')), 'it to begin')
    program.child.kill('SIGTERM')
    assert.deepEqual(await program.exited, { code: null, signal: 'SIGTERM' })
    assert.deepEqual(await readdir(folder.path), ['data'])
  }
})
