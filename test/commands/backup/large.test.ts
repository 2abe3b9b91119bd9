/** A large vault goes through in small pieces. */
import assert from 'node:assert/strict'
import { open, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { admin, uploadsIn, vaultFolder } from './world.ts'

const GIGABYTE = 1024 ** 3
const PRELOAD = path.join(import.meta.dirname, 'memory-preload.js')

test('a gigabyte of attachments takes no more memory than a few bytes, in either direction', {
  timeout: 180_000,
}, async () => {
  await using given = await vaultFolder()
  const { dataFolder, folder } = given
  const measured = async (data: string, ...args: string[]) => {
    const measuring = { NODE_OPTIONS: `--import=${PRELOAD}`, MEMORY_FILE: folder.join('memory') }
    const { code, stderr } = await admin(args, folder.path, { DATA_FOLDER: data, ...measuring })
    assert.deepEqual([code, stderr], [0, ''])
    return Number(await readFile(folder.join('memory'), 'utf8')) * 1024
  }
  const small = await measured(dataFolder, 'backup', 'small.tar.gz')
  // Sparse: it takes no place on the disk, and little time to read.
  const [attachment = ''] = await uploadsIn(dataFolder)
  const file = await open(path.join(dataFolder, attachment), 'r+')
  await file.truncate(GIGABYTE)
  await file.close()
  const large = await measured(dataFolder, 'backup', 'large.tar.gz')
  assert.ok(large - small < 100 * 1024 ** 2, `${large} bytes, ${small} for the small one`)
  const back = await measured(folder.join('new'), 'restore', 'large.tar.gz', '--yes')
  assert.ok(back - small < 100 * 1024 ** 2, `${back} bytes, ${small} for the small one`)
  assert.equal((await stat(folder.join('new', attachment))).size, GIGABYTE)
})
