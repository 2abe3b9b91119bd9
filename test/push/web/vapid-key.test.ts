import assert from 'node:assert/strict'
import { createECDH, generateKeyPairSync } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import type { VapidKeys } from '#store'
import { loadSharedVapidKey, loadVapidKey } from '../../../src/push/web/vapid-key.ts'
import { type LoggedEvent, lineOf, recordingLogger } from '../../helpers/recording-logger.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'

/** What the database keeps of it. */
function sharedKeys(): VapidKeys & { pem: string | undefined } {
  return {
    pem: undefined,
    async claim(pem) {
      this.pem ??= pem
      return this.pem
    },
    async replace(pem) {
      this.pem = pem
    },
  }
}

/** Instances on one database, each with a folder of its own. */
function instances(folder: TemporaryFolder) {
  const keys = sharedKeys()
  const logged: LoggedEvent[] = []
  const logger = recordingLogger((line) => logged.push(line))
  return {
    keys,
    logged,
    load: (name: string) => loadSharedVapidKey({ keyFile: folder.join(`${name}.pem`), keys, logger }),
  }
}

test('the key is made at the first start, and is the same ever after', async () => {
  await using folder = await temporaryFolder()
  const keyFile = folder.join('vapid_key.pem')
  const { publicKey } = await loadVapidKey(keyFile)
  assert.match(publicKey, /^B[\w-]{86}$/)
  const pem = await readFile(keyFile, 'utf8')
  assert.equal((await loadVapidKey(keyFile)).publicKey, publicKey)
  assert.equal(await readFile(keyFile, 'utf8'), pem)
  assert.deepEqual(await readdir(folder.path), ['vapid_key.pem'])
})

test('the public key is the point of the private key', async () => {
  await using folder = await temporaryFolder()
  const { privateKey, publicKey } = await loadVapidKey(folder.join('vapid_key.pem'))
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(privateKey.export({ format: 'jwk' }).d!, 'base64url')
  assert.equal(publicKey, ecdh.getPublicKey('base64url', 'uncompressed'))
})

test('its file can be read by its owner only', { skip: process.platform === 'win32' }, async () => {
  await using folder = await temporaryFolder()
  const keyFile = folder.join('vapid_key.pem')
  await loadVapidKey(keyFile)
  assert.equal((await stat(keyFile)).mode & 0o777, 0o600)
})

test('a key that OpenSSL wrote is taken in its form too', async () => {
  await using folder = await temporaryFolder()
  const keyFile = folder.join('vapid_key.pem')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFile(keyFile, privateKey.export({ type: 'sec1', format: 'pem' }))
  assert.ok((await loadVapidKey(keyFile)).privateKey.equals(privateKey))
})

const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
const locked = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-128-cbc',
  passphrase: 'secret',
})
for (const [what, content] of [
  ['no key', 'no key'],
  ['nothing', ''],
  ['a key of another curve', other],
  ['a key of another kind', rsa],
  ['a key that is locked', locked],
] as const) {
  test(`a file with ${what} in it is an error that names it, and stays as it is`, async () => {
    await using folder = await temporaryFolder()
    const keyFile = folder.join('vapid_key.pem')
    await writeFile(keyFile, content)
    const refusal = { name: 'ConfigError', message: new RegExp(`^Cannot use the key in "${keyFile}": it is not an? `) }
    await assert.rejects(loadVapidKey(keyFile), refusal)
    const { keys, load } = instances(folder)
    await assert.rejects(load('vapid_key'), refusal)
    assert.deepEqual([await readFile(keyFile, 'utf8'), keys.pem], [content, undefined])
  })
}

test('a file that cannot be read or written is an error that names it', async () => {
  await using folder = await temporaryFolder()
  await mkdir(folder.join('folder.pem'))
  await assert.rejects(
    loadVapidKey(folder.join('folder.pem')),
    /^ConfigError: Cannot read the key file ".*folder\.pem"/,
  )
  const missing = path.join(folder.join('missing'), 'vapid_key.pem')
  await assert.rejects(loadVapidKey(missing), /^ConfigError: Cannot write the key file ".*vapid_key\.pem"/)
})

test('instances on one database have one key, whoever starts first', async () => {
  await using folder = await temporaryFolder()
  const { load, logged } = instances(folder)
  const names = ['a', 'b', 'c', 'd']
  const loaded = await Promise.all(names.map(load))
  assert.equal(new Set(loaded.map(({ publicKey }) => publicKey)).size, 1)
  assert.deepEqual(await readdir(folder.path), ['a.pem', 'b.pem', 'c.pem', 'd.pem'])
  assert.equal((await load('a')).publicKey, loaded[0]!.publicKey)
  assert.deepEqual(logged, [])
})

test('the key that an instance has made alone is that of all who join it', async () => {
  await using folder = await temporaryFolder()
  const { load, logged } = instances(folder)
  const { publicKey } = await loadVapidKey(folder.join('first.pem'))
  assert.equal((await load('first')).publicKey, publicKey)
  assert.equal((await load('second')).publicKey, publicKey)
  assert.deepEqual(logged, [])
})

test('a file that is lost comes back', async () => {
  await using folder = await temporaryFolder()
  const { load, keys } = instances(folder)
  const { publicKey } = await load('a')
  assert.equal(await readFile(folder.join('a.pem'), 'utf8'), keys.pem)
  assert.equal((await load('a2')).publicKey, publicKey)
})

test('where its file cannot be written, an instance is given the key anew with each start', async () => {
  await using folder = await temporaryFolder()
  const { load, logged, keys } = instances(folder)
  const { publicKey } = await load('missing/a')
  assert.equal((await load('missing/a')).publicKey, publicKey)
  assert.equal((await load('b')).publicKey, publicKey)
  assert.equal(await readFile(folder.join('b.pem'), 'utf8'), keys.pem)
  assert.deepEqual(
    logged.map(({ level, fields, event }) => [level, fields.keyFile, event]),
    Array(2).fill([
      'warn',
      folder.join('missing/a.pem'),
      'the key of Web Push is kept in the database alone: its file cannot be written',
    ]),
  )
})

test('a key that was changed on purpose is taken, and told once', async () => {
  await using folder = await temporaryFolder()
  const { load, logged, keys } = instances(folder)
  await load('a')
  const { publicKey } = await loadVapidKey(folder.join('b.pem'))
  assert.equal((await load('b')).publicKey, publicKey)
  assert.deepEqual(
    logged.map(({ level, fields }) => [level, fields]),
    [['warn', { keyFile: folder.join('b.pem') }]],
  )
  assert.match(logged[0]!.event, /is not the one that instances on this database used last/)
  assert.ok(!lineOf(logged[0]!).includes('PRIVATE'))
  assert.equal((await load('b')).publicKey, publicKey)
  assert.equal((await load('c')).publicKey, publicKey)
  assert.equal(logged.length, 1)
  assert.equal(await readFile(folder.join('c.pem'), 'utf8'), keys.pem)
})
