/** Backup and restore are killed at many points. What is there afterwards is the old or the new, or says how to go on. */
import assert from 'node:assert/strict'
import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ConfigError } from '#kit'
import { useFolder } from '../../../src/services/vault/folders.ts'
import { contentOf } from '../../helpers/folder-content.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { killAtCall } from './kill-at-call.ts'
import { admin, filesIn, uploadsIn, vaultFolder } from './world.ts'

/** Between two points at which it is killed. All of them take minutes; these move on by a number that shares nothing with loops. */
const STRIDE = 7

for (const destination of ['saved', 'saved.tar']) {
  test(`a backup that is killed is no backup: ${destination}`, { timeout: 180_000 }, async () => {
    await using given = await vaultFolder()
    const { dataFolder, folder } = given
    const env = { DATA_FOLDER: dataFolder }
    // Of SQLite's files beside a database it may leave some behind, which the next one to open it clears away.
    const content = async () =>
      Object.entries(await contentOf(dataFolder)).filter(([name]) => !/sqlite3-(?:wal|shm)$/.test(name))
    const before = await content()
    let kills = 0
    for (let call = 1; ; call += STRIDE, kills++) {
      const { signal, code, stderr } = await killAtCall(['backup', destination], { cwd: folder.path, env, call })
      assert.deepEqual(await content(), before)
      const there = (await readdir(folder.path)).filter((name) => name !== 'data')
      if (signal === null) {
        assert.deepEqual([code, stderr, there], [0, '', [destination]])
        break
      }
      for (const name of there) {
        if (name !== destination) assert.match(name, /^saved(?:\.tar)?\.unfinished-\w{6}$/)
        await rm(folder.join(name), { recursive: true })
      }
      // Killed after the last step that counts.
      if (there.includes(destination)) break
    }
    assert.ok(kills > 2, `${kills} kills`)
  })
}

test('a restore that is killed has changed nothing, or is finished by --continue before a server starts', {
  timeout: 180_000,
}, async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  assert.equal((await admin(['backup', 'saved'], folder.path, { DATA_FOLDER: dataFolder })).code, 0)
  const wanted = (await filesIn(folder.join('saved'))).filter((name) => name !== 'manifest.json')
  let [untouched, finished] = [0, 0]
  for (let call = 3; ; call += STRIDE) {
    await using place = await temporaryFolder()
    const data = place.join('data')
    const env = { DATA_FOLDER: data }
    await cp(dataFolder, data, { recursive: true })
    const [attachment = ''] = await uploadsIn(data)
    await rm(path.join(data, attachment))
    await writeFile(path.join(data, 'rsa_key.pem'), 'old')
    setName(data, 'old')
    const old = await filesIn(data)
    const { signal } = await killAtCall(['restore', folder.join('saved'), '--yes'], { cwd: place.path, env, call })
    const isBegun = (await readdir(data)).includes('restore-under-way.json')
    if (signal !== null && !isBegun && nameIn(data) === 'old') {
      untouched++
      assert.deepEqual(
        (await filesIn(data)).filter(
          (name) =>
            !name.startsWith('.restoring/') &&
            !/-wal$|restore-under-way\.json\.new$|^\.restoring-|\/\.restoring-/.test(name),
        ),
        old,
      )
      await useFolder(data)
      continue
    }
    if (isBegun) {
      finished++
      await assert.rejects(useFolder(data), (error: unknown) => {
        return error instanceof ConfigError && /"belfry admin restore --continue" finishes it$/.test(error.message)
      })
      const again = await admin(['restore', folder.join('saved'), '--yes'], place.path, env)
      assert.match(again.stderr, /was broken off: finish it first, by --continue\n$/)
      const { code, stderr } = await admin(['restore', '--continue'], place.path, env)
      assert.deepEqual([code, stderr], [0, ''])
    }
    assert.notEqual(nameIn(data), 'old')
    const there = await filesIn(data)
    const aside = there.find((name) => name.endsWith('/rsa_key.pem'))?.split('/')[0] ?? ''
    const now = there.filter((name) => !name.startsWith(`${aside}/`) && !name.startsWith('tmp/'))
    assert.deepEqual(now, wanted)
    for (const name of old.filter((name) => !name.startsWith('tmp/'))) {
      assert.ok(there.includes(`${aside}/${name}`), `${name} is kept`)
    }
    if (signal === null) break
  }
  assert.ok(untouched > 2 && finished > 2, `${untouched} untouched, ${finished} finished`)
})

function setName(data: string, name: string): void {
  using database = new DatabaseSync(path.join(data, 'db.sqlite3'))
  database.prepare('UPDATE users SET name = ?').run(name)
}

function nameIn(data: string): unknown {
  using database = new DatabaseSync(path.join(data, 'db.sqlite3'))
  return database.prepare('SELECT name FROM users').get()?.name
}
