import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { FileFolder, FileTooLargeError, type Place } from '#store'
import { temporaryFolder } from '../helpers/temp.ts'

async function* chunks(...parts: (string | Error)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if (part instanceof Error) throw part
    yield Buffer.from(part)
  }
}

const newPlace = (): Place => ({ owner: randomUUID(), id: randomBytes(10).toString('hex') })
const PLENTY = { maxBytes: 1000 }

async function openFiles() {
  const temporary = await temporaryFolder()
  const folder = temporary.join('attachments')
  return {
    folder,
    outside: temporary.path,
    files: new FileFolder(folder, { idLength: 20 }),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  }
}

/** Every file below a folder, by its path there. */
async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory())
  return files.map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name))).sort()
}

async function contentOf(files: FileFolder, place: Place): Promise<string | undefined> {
  const file = await files.read(place)
  if (file === undefined) return undefined
  const content = Buffer.concat(await file.stream.toArray()).toString()
  assert.equal(file.size, content.length)
  return content
}

async function all(files: FileFolder): Promise<string[]> {
  const found: string[] = []
  for await (const { owner, id } of files.list()) found.push(`${owner}/${id}`)
  return found.sort()
}

test('a file is written whole, as Vaultwarden names it, and read back', async () => {
  await using opened = await openFiles()
  const { files, folder } = opened
  const place = newPlace()
  assert.equal(await files.read(place), undefined)
  assert.equal(await files.write(place, chunks('one, ', 'two'), PLENTY), 8)
  assert.equal(await contentOf(files, place), 'one, two')
  assert.deepEqual(await filesBelow(folder), [`${place.owner}/${place.id}`])
  assert.equal(await readFile(path.join(folder, place.owner, place.id), 'utf8'), 'one, two')
  assert.equal((await stat(path.join(folder, place.owner, place.id))).mode & 0o077, 0)
})

test('a file that is written again is the new one, and an empty one is a file too', async () => {
  await using opened = await openFiles()
  const { files } = opened
  const place = newPlace()
  await files.write(place, chunks('old'), PLENTY)
  assert.equal(await files.write(place, chunks(), PLENTY), 0)
  assert.equal(await contentOf(files, place), '')
})

test('what is too long or breaks off leaves nothing behind, and the file that was there', async () => {
  await using opened = await openFiles()
  const { files, folder } = opened
  const [place, other] = [newPlace(), newPlace()]
  await files.write(place, chunks('old'), PLENTY)
  const brokenOff = new Error('broken off')
  for (const target of [place, other]) {
    await assert.rejects(files.write(target, chunks('1234', '5678'), { maxBytes: 7 }), FileTooLargeError)
    await assert.rejects(files.write(target, chunks('new', brokenOff), PLENTY), brokenOff)
  }
  assert.equal(await files.write(other, chunks('1234', '567'), { maxBytes: 7 }), 7)
  await files.delete(other)
  assert.equal(await contentOf(files, place), 'old')
  assert.deepEqual(await filesBelow(folder), [`${place.owner}/${place.id}`])
})

test('deleted files are gone, with their folder when it was the last, and others stay', async () => {
  await using opened = await openFiles()
  const { files, folder } = opened
  const [first, elsewhere] = [newPlace(), newPlace()]
  const second = { ...first, id: newPlace().id }
  for (const place of [first, second, elsewhere]) await files.write(place, chunks('x'), PLENTY)
  await files.delete(first)
  await files.delete(first)
  assert.deepEqual(await all(files), [second, elsewhere].map(({ owner, id }) => `${owner}/${id}`).sort())
  await files.delete(second)
  assert.equal(existsSync(path.join(folder, first.owner)), false)
  for (const place of [first, second]) await files.write(place, chunks('x'), PLENTY)
  await files.deleteAllOf(first.owner)
  await files.deleteAllOf(first.owner)
  assert.deepEqual(await filesBelow(folder), [`${elsewhere.owner}/${elsewhere.id}`])
})

test('a file that comes while the last other one of its owner goes is there', async () => {
  await using opened = await openFiles()
  const { files } = opened
  const gone = newPlace()
  for (let round = 0; round < 50; round++) {
    await files.write(gone, chunks('x'), PLENTY)
    const comes = { owner: gone.owner, id: newPlace().id }
    await Promise.all([files.delete(gone), files.write(comes, chunks('y'), PLENTY)])
    assert.equal(await contentOf(files, comes), 'y')
    await files.delete(comes)
  }
})

test('a place that is none is nowhere', async () => {
  await using opened = await openFiles()
  const { files, outside } = opened
  const good = newPlace()
  await files.write(good, chunks('x'), PLENTY)
  await writeFile(path.join(outside, good.id), 'outside')
  const bad: Place[] = [
    { owner: '..', id: good.id },
    { owner: '.', id: good.id },
    { owner: '', id: good.id },
    { owner: `${good.owner}/..`, id: good.owner },
    { owner: good.owner.toUpperCase().replace(/^./, 'A'), id: good.id },
    { owner: `${good.owner}\n`, id: good.id },
    { owner: good.owner, id: '..' },
    { owner: good.owner, id: '' },
    { owner: good.owner, id: `../${good.id}` },
    { owner: good.owner, id: good.id.slice(1) },
    { owner: good.owner, id: `${good.id}0` },
    { owner: good.owner, id: `${good.id.slice(1)}\0` },
  ]
  for (const place of bad) {
    await assert.rejects(files.write(place, chunks('y'), PLENTY), RangeError, JSON.stringify(place))
    assert.equal(await files.read(place), undefined, JSON.stringify(place))
    await files.delete(place)
  }
  for (const owner of ['..', '.', '', `${good.owner}/..`, 'x']) await files.deleteAllOf(owner)
  assert.equal(await contentOf(files, good), 'x')
  assert.equal(await readFile(path.join(outside, good.id), 'utf8'), 'outside')
})

test('symbolic links are not followed', async () => {
  await using opened = await openFiles()
  const { files, folder, outside } = opened
  const [linkedOwner, linkedFile] = [newPlace(), newPlace()]
  const secret = path.join(outside, linkedOwner.id)
  await writeFile(secret, 'secret')
  await mkdir(path.join(folder, linkedFile.owner), { recursive: true })
  await symlink(outside, path.join(folder, linkedOwner.owner))
  await symlink(secret, path.join(folder, linkedFile.owner, linkedFile.id))
  for (const place of [linkedOwner, linkedFile]) assert.equal(await files.read(place), undefined)
  await assert.rejects(files.write(linkedOwner, chunks('y'), PLENTY), { code: 'EEXIST' })
  assert.deepEqual(await all(files), [])
  await files.delete(linkedOwner)
  await files.deleteAllOf(linkedOwner.owner)
  assert.equal(await files.write(linkedFile, chunks('y'), PLENTY), 1)
  assert.equal(await contentOf(files, linkedFile), 'y')
  assert.equal(await readFile(secret, 'utf8'), 'secret')
})

test('what a crash has left goes, and what is under way stays', async () => {
  await using opened = await openFiles()
  const { files, folder } = opened
  const place = newPlace()
  await files.write(place, chunks('x'), PLENTY)
  const unfinished = path.join(folder, '.unfinished')
  const [old, young] = [randomUUID(), randomUUID()]
  for (const name of [old, young]) await writeFile(path.join(unfinished, name), 'half')
  await utimes(path.join(unfinished, old), 1000, 1000)
  await utimes(path.join(folder, place.owner, place.id), 1000, 1000)
  const empty = randomUUID()
  await mkdir(path.join(folder, empty))
  assert.equal(await files.clearLeftovers(2_000_000), 1)
  assert.deepEqual(await filesBelow(folder), [`.unfinished/${young}`, `${place.owner}/${place.id}`])
  assert.equal(existsSync(path.join(folder, empty)), false)
})

test('a folder that is not there has no files', async () => {
  await using opened = await openFiles()
  const { files } = opened
  assert.deepEqual(await all(files), [])
  assert.equal(await files.clearLeftovers(Date.now()), 0)
  await files.delete(newPlace())
  await files.deleteAllOf(randomUUID())
})

test('every file is listed with its size and time, and foreign names are not', async () => {
  await using opened = await openFiles()
  const { files, folder } = opened
  const place = newPlace()
  await files.write(place, chunks('abc'), PLENTY)
  await writeFile(path.join(folder, 'README'), '')
  await writeFile(path.join(folder, place.owner, 'notes'), '')
  await mkdir(path.join(folder, place.owner, newPlace().id))
  const [file, ...others] = await Array.fromAsync(files.list())
  assert.deepEqual(others, [])
  const { writtenAtMs, ...rest } = file!
  assert.deepEqual(rest, { ...place, size: 3 })
  assert.ok(Math.abs(writtenAtMs - Date.now()) < 60_000)
})
