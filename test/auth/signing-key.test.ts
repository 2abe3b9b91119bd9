import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { loadSharedSigningKey, loadSigningKey, type SigningKey } from '#auth'
import { ConfigError } from '#kit'
import type { Store } from '#store'
import { registerAndLogin } from '../helpers/account.ts'
import { startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { type LoggedEvent, recordingLogger } from '../helpers/recording-logger.ts'
import { startTestServer } from '../helpers/server.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { openPostgres, queryPostgres } from '../store/open-postgres-store.ts'

const { skip } = requireProgram('postgres')

const bytesOf = ({ publicKey }: SigningKey) => publicKey.export({ type: 'spki', format: 'pem' })

function refusal(keyFile: string): ConfigError {
  return new ConfigError(
    `There is no key file "${keyFile}", but other instances on this database have one: copy rsa_key.pem from one of ` +
      'them, or say with RSA_KEY_FILENAME where it is. If it is lost, make a new one, which ends all sessions: ' +
      `openssl genrsa -out "${keyFile}" 2048`,
  )
}

describe('the signing key of several instances on one database', { skip }, async () => {
  if (skip) return
  const server = await startPostgres()
  after(() => server[Symbol.asyncDispose]())

  /** What instances of one vault have: a database, and a folder each. */
  async function instances() {
    const cleanup = new AsyncDisposableStack()
    const url = await server.createDatabase()
    const folder = cleanup.use(await temporaryFolder())
    const logged: LoggedEvent[] = []
    const logger = recordingLogger((line) => logged.push(line))
    const openStore = async () => {
      const store = await openPostgres(url)
      cleanup.defer(() => store.close())
      return store
    }
    const store = await openStore()
    return {
      url,
      store,
      openStore,
      logged,
      keyFile: (name: string) => folder.join(`${name}.pem`),
      files: () => readdir(folder.path),
      load: (name: string, from: Pick<Store, 'signingKeys' | 'exclusively'> = store) =>
        loadSharedSigningKey({ keyFile: folder.join(`${name}.pem`), store: from, logger }),
      [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
    }
  }

  test('is made by the first of them, and never by another', async () => {
    await using vault = await instances()
    const key = await vault.load('one')
    assert.deepEqual(bytesOf(await vault.load('one')), bytesOf(key))
    await assert.rejects(vault.load('two'), refusal(vault.keyFile('two')))
    assert.deepEqual(await vault.files(), ['one.pem'])
    await copyFile(vault.keyFile('one'), vault.keyFile('two'))
    assert.deepEqual(bytesOf(await vault.load('two')), bytesOf(key))
    assert.deepEqual(vault.logged, [])
  })

  test('is made by exactly one of many that start at once', async () => {
    await using vault = await instances()
    const names = ['a', 'b', 'c', 'd', 'e']
    const stores = await Promise.all(names.map(() => vault.openStore()))
    const started = await Promise.allSettled(names.map((name, index) => vault.load(name, stores[index])))
    const made = names.filter((_, index) => started[index]!.status === 'fulfilled')
    assert.equal(made.length, 1)
    for (const [index, outcome] of started.entries()) {
      if (outcome.status === 'rejected') assert.deepEqual(outcome.reason, refusal(vault.keyFile(names[index]!)))
    }
    assert.deepEqual(await vault.files(), [`${made[0]}.pem`])
    // So is the one that has it when it starts again.
    await vault.load(made[0]!)
    assert.deepEqual(vault.logged, [])
  })

  test('may be another than before, which is told once, at the start', async () => {
    await using vault = await instances()
    await vault.load('one')
    const rotated = await loadSigningKey(vault.keyFile('rotated'))
    assert.deepEqual(bytesOf(await vault.load('rotated')), bytesOf(rotated))
    const [warning, ...more] = vault.logged
    assert.deepEqual(more, [])
    assert.equal(warning?.level, 'warn')
    assert.match(warning.event, /is not the one .* rsa_key\.pem/)
    assert.equal(warning.fields.keyFile, vault.keyFile('rotated'))
    await vault.load('rotated')
    assert.equal(vault.logged.length, 1)
    // Whoever has still the old one is told as well.
    await vault.load('one')
    assert.equal(vault.logged.length, 2)
  })

  test('that a Vaultwarden has left in the data folder is the one', async () => {
    await using vault = await instances()
    const key = await loadSigningKey(vault.keyFile('old'))
    assert.deepEqual(bytesOf(await vault.load('old')), bytesOf(key))
    await assert.rejects(vault.load('other'), refusal(vault.keyFile('other')))
    assert.deepEqual(vault.logged, [])
  })

  test('that somebody brings just while another is made counts instead of that', async () => {
    await using vault = await instances()
    const brought = await loadSigningKey(vault.keyFile('brought'))
    const { signingKeys } = vault.store
    const held: Pick<Store, 'signingKeys' | 'exclusively'> = {
      exclusively: (name, work) => vault.store.exclusively(name, work),
      signingKeys: {
        find: () => signingKeys.find(),
        replace: (fingerprint) => signingKeys.replace(fingerprint),
        async claim(fingerprint) {
          await vault.load('brought')
          return signingKeys.claim(fingerprint)
        },
      },
    }
    await assert.rejects(vault.load('new', held), refusal(vault.keyFile('new')))
    assert.deepEqual(await vault.files(), ['brought.pem'])
    assert.deepEqual(bytesOf(await vault.load('brought')), bytesOf(brought))
    assert.deepEqual(vault.logged, [])
  })

  test('is not made where it cannot be written, so that another instance can make it', async () => {
    await using vault = await instances()
    const store = await vault.openStore()
    const logger = recordingLogger(() => undefined)
    const keyFile = path.join(vault.keyFile('missing-folder'), 'rsa_key.pem')
    await assert.rejects(loadSharedSigningKey({ keyFile, store, logger }), /Cannot write the key file/)
    assert.ok(await vault.load('one'))
  })

  test('that cannot be read is an error, whatever the others have', async () => {
    await using vault = await instances()
    await vault.load('one')
    await writeFile(vault.keyFile('broken'), 'no key')
    await assert.rejects(vault.load('broken'), { name: 'ConfigError', message: /Cannot use the key/ })
    assert.deepEqual(vault.logged, [])
  })

  test('leaves nothing in the database but its fingerprint', async () => {
    await using vault = await instances()
    const { publicKey } = await vault.load('one')
    const rows = await queryPostgres(vault.url, 'SELECT * FROM belfry_signing_key')
    assert.deepEqual(rows.map(Object.keys), [['id', 'fingerprint']])
    const digest = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex')
    assert.equal(rows[0]!.fingerprint, digest)
  })

  test('is why a second server does not start, until it has it and takes the sessions of the first', async () => {
    const url = await server.createDatabase()
    await using first = await startTestServer({ vault: { databaseUrl: url } })
    await assert.rejects(startTestServer({ vault: { databaseUrl: url } }), {
      name: 'ConfigError',
      message: /^There is no key file ".*rsa_key\.pem", but other instances/,
    })
    const rsaKeyFilename = path.join(first.dataFolder, 'rsa_key')
    await using second = await startTestServer({ vault: { databaseUrl: url, rsaKeyFilename } })
    const device = await registerAndLogin({ server: first.webUrl })
    const reply = await fetch(`${second.webUrl}/api/accounts/profile`, {
      headers: { authorization: `Bearer ${device.accessToken}` },
    })
    assert.equal(reply.status, 200)
  })
})
