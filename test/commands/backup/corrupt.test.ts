/** Archives that are damaged, cut off or made with ill will are refused, and nothing comes out of their folder. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type Headers, pack } from 'tar-stream'
import { ConfigError } from '#kit'
import { parseManifest } from '../../../src/commands/admin/archive/manifest.ts'
import { slotsFor } from '../../../src/commands/admin/restore/slots.ts'
import { Staging } from '../../../src/commands/admin/restore/staging.ts'
import { unpack } from '../../../src/commands/admin/restore/unpack.ts'
import { compareWithManifest } from '../../../src/commands/admin/restore/verify.ts'
import { runProgram } from '../../helpers/processes.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { admin, filesIn, vaultFolder } from './world.ts'

/** Unpacks into a new place and looks at all of it, as a restore does; resolves with what lies there then. */
async function look(archive: Buffer | Readable): Promise<Record<string, string>> {
  await using outside = await temporaryFolder()
  const data = outside.join('data')
  await mkdir(data)
  const slots = await slotsFor(
    {
      dataFolder: data,
      files: {
        'rsa_key.pem': path.join(data, 'rsa_key.pem'),
        'config.json': path.join(data, 'config.json'),
        'vapid_key.pem': path.join(data, 'vapid_key.pem'),
      },
      smallFolders: { tls: path.join(data, 'tls') },
      uploads: { attachments: path.join(data, 'attachments'), sends: path.join(data, 'sends') },
    },
    { kind: 'sqlite', databaseFile: path.join(data, 'db.sqlite3') },
  )
  const staging = new Staging(slots)
  try {
    const source = Buffer.isBuffer(archive) ? Readable.from([archive]) : archive
    const manifest = parseManifest(await unpack(source, staging))
    compareWithManifest(manifest, staging)
    await staging.forget(manifest.leftOut)
  } finally {
    assert.deepEqual(await readdir(outside.path), ['data'])
    assert.deepEqual(await readdir(data), ['.restoring'])
  }
  return await contents(path.join(data, '.restoring'))
}

async function contents(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of await filesIn(folder)) found[name] = (await readFile(path.join(folder, name))).toString('base64')
  return found
}

const isRefusal = (error: unknown) =>
  error instanceof ConfigError && /^(The backup|There is no room)/.test(error.message)

test('a change anywhere is found, or changes nothing that is restored', { timeout: 180_000 }, async () => {
  await using given = await vaultFolder()
  const { folder, dataFolder } = given
  for (const name of ['saved.tar', 'saved.tar.gz']) {
    assert.equal((await admin(['backup', name], folder.path, { DATA_FOLDER: dataFolder })).code, 0)
    const archive = await readFile(folder.join(name))
    const wanted = await look(archive)
    assert.ok(Object.keys(wanted).length > 5)
    // Each header and what follows it, and the database here and there.
    const step = Math.ceil(archive.length / 60)
    let refused = 0
    for (let at = 3; at < archive.length; at += step) {
      const damaged = Buffer.from(archive)
      damaged[at]! ^= 0x41
      const found = await look(damaged).catch((error: unknown) => {
        assert.ok(isRefusal(error), `byte ${at}: ${(error as Error).stack}`)
        refused++
        return undefined
      })
      if (found !== undefined) assert.deepEqual(found, wanted, `byte ${at}`)
    }
    assert.ok(refused > 40, `${refused} of 60`)
    for (const length of [0, 1, 300, 512, 5000, archive.length >> 1, archive.length - 3000]) {
      await assert.rejects(look(archive.subarray(0, length)), isRefusal, `${length} bytes`)
    }
  }
})

const MANIFEST: Headers = { name: 'manifest.json' }

async function tar(...entries: readonly [Headers, Buffer?][]): Promise<Buffer> {
  const archive = pack()
  for (const [header, content] of entries) archive.entry(header, content ?? Buffer.alloc(0))
  archive.finalize()
  return buffer(Readable.from(archive))
}

for (const [what, header, reason] of [
  ['a way out', { name: '../config.json' }, /is no name of a file in a backup/],
  ['a way out of a folder', { name: 'tls/../../x' }, /is no name of a file in a backup/],
  ['an absolute name', { name: '/etc/passwd' }, /is no name of a file in a backup/],
  ['a name that only looks like one of a vault', { name: 'attachments/x/y' }, /is no name of a file in a backup/],
  ['a symbolic link', { name: 'config.json', type: 'symlink', linkname: '/etc/passwd' }, /is no file but a symlink/],
  ['a hard link', { name: 'config.json', type: 'link', linkname: 'rsa_key.pem' }, /is no file but a link/],
  ['a device', { name: 'config.json', type: 'character-device' }, /is no file but a character-device/],
  ['a pipe', { name: 'config.json', type: 'fifo' }, /is no file but a fifo/],
  ['a file that its manifest does not name', { name: 'config.json' }, /it has no manifest/],
] as const) {
  test(`${what} in an archive is refused`, async () => {
    const archive = await tar([header as Headers])
    for (const bytes of [archive, gzipSync(archive)]) {
      await assert.rejects(look(bytes), (error: unknown) => isRefusal(error) && reason.test((error as Error).message))
    }
  })
}

test('the same file twice, and two manifests, are refused', async () => {
  const file: [Headers, Buffer] = [{ name: 'config.json' }, Buffer.from('{}')]
  await assert.rejects(look(await tar(file, file)), /it has "config\.json" twice/)
  const manifest: [Headers, Buffer] = [MANIFEST, Buffer.from('{}')]
  await assert.rejects(look(await tar(manifest, manifest)), /it has two manifests/)
  await assert.rejects(look(await tar(manifest)), /its manifest\.json is none of Belfry's/)
})

test('a file that is larger than the disk is refused at once', async () => {
  const [header] = [await tar([{ name: 'config.json' }])]
  // The size in base 256, as GNU tar writes what eleven octal digits cannot (512 TiB).
  header.fill(0, 124, 136)
  header[124] = 0x80
  header.writeUIntBE(2 ** 47, 130, 6)
  header.write(checksum(header), 148, 'latin1')
  await assert.rejects(look(header), /^ConfigError: There is no room for "config\.json"/)
})

/** Of a header (POSIX.1-1988 §10.1.1): the sum of its bytes, with spaces in its own place. */
function checksum(header: Buffer): string {
  header.fill(' ', 148, 156)
  const sum = header.subarray(0, 512).reduce((sum, byte) => sum + byte, 0)
  return `${sum.toString(8).padStart(6, '0')}\0 `
}

test('bombs go off outside: endless zeros, and a header of gigabytes, cost no memory', async () => {
  const zeros = async function* () {
    for (;;) yield Buffer.alloc(65_536)
  }
  await assert.rejects(look(Readable.from(zeros())), /it holds too much that is no file/)
  const [long] = [await tar([{ name: 'x' }])]
  // A name in a header of its own, of 4 GiB.
  long.write('L', 156, 'latin1')
  long.write('40000000000\0', 124, 'latin1')
  long.write(checksum(long), 148, 'latin1')
  let fed = 0
  const endless = async function* () {
    yield long.subarray(0, 512)
    for (;;) {
      fed += 65_536
      yield Buffer.alloc(65_536, 'a')
    }
  }
  await assert.rejects(look(Readable.from(endless())), /it holds too much that is no file/)
  assert.ok(fed < 4 * 1024 * 1024, `${fed} bytes were read`)
  const squeezed = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  await assert.rejects(look(squeezed), /it holds too much that is no file/)
})

test('what a stranger wrote into a backup does not steer the terminal', async () => {
  await using vault = await vaultFolder()
  const place = vault.folder.join('saved')
  const saved = await admin(['backup', place], vault.folder.path, { DATA_FOLDER: vault.dataFolder })
  assert.equal(saved.code, 0, saved.stderr)
  const manifest = JSON.parse(await readFile(path.join(place, 'manifest.json'), 'utf8'))
  const evil = '\x1b]0;x\x07\x1b[31m\x9b31m7'
  for (const changed of [
    { belfry: evil, date: `2026-01-01 (${evil})` },
    { belfry: evil, formatVersion: 99 },
  ]) {
    await writeFile(path.join(place, 'manifest.json'), JSON.stringify({ ...manifest, ...changed }))
    const to = { DATA_FOLDER: await mkdtemp(vault.folder.join('new-')) }
    const { stdout, stderr } = await admin(['restore', place, '--yes'], vault.folder.path, to)
    assert.match(stdout + stderr, /Belfry \(?7/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(stdout + stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
  }
})

test('what other programs pack again is taken: with folders, and names that begin with ./', async () => {
  await using given = await vaultFolder()
  const { folder, dataFolder } = given
  assert.equal((await admin(['backup', 'saved.tar.gz'], folder.path, { DATA_FOLDER: dataFolder })).code, 0)
  const wanted = await look(gunzipSync(await readFile(folder.join('saved.tar.gz'))))
  await mkdir(folder.join('x'))
  await runProgram({ command: 'tar', args: ['xzf', '../saved.tar.gz'], cwd: folder.join('x') })
  await runProgram({ command: 'tar', args: ['cf', '../again.tar', '.'], cwd: folder.join('x') })
  assert.deepEqual(await look(await readFile(folder.join('again.tar'))), wanted)
})
