/** Backups beside a server whose devices make and delete items, attachments and Sends as fast as they can. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startPostgres } from '../../helpers/postgres.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { startTestServer } from '../../helpers/server.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { attach } from '../../helpers/vaultwarden-folder.ts'
import { until } from '../../helpers/wait.ts'
import { sendFile } from '../../vault/sends/send-requests.ts'
import { admin } from './world.ts'

const WRITERS = 3
const DESTINATIONS = ['first.tar.gz', 'second', 'third.tar']

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
  const skip = engine === 'PostgreSQL' && requireProgram('postgres').skip
  test(`every backup under load is whole, and can be restored: ${engine}`, { skip, timeout: 180_000 }, async () => {
    await using cleanup = new AsyncDisposableStack()
    const folder = cleanup.use(await temporaryFolder())
    const postgres = engine === 'PostgreSQL' ? cleanup.use(await startPostgres()) : undefined
    const databaseUrl = await postgres?.createDatabase()
    const dataFolder = folder.join('data')
    const server = await startTestServer({ vault: { dataFolder, ...(databaseUrl !== undefined && { databaseUrl }) } })
    cleanup.defer(() => server.close())
    const env = { DATA_FOLDER: dataFolder, DATABASE_URL: databaseUrl }
    const device = await registerAndLogin({ server: server.webUrl })
    let isOver = false
    let changes = 0
    const writing = Promise.all(
      Array.from({ length: WRITERS }, async () => {
        while (!isOver) await writeAndDelete(device, () => void changes++)
      }),
    )
    writing.catch(() => undefined)
    await until(() => changes > 0, 'the first change')
    for (const destination of DESTINATIONS) {
      const before = changes
      const { code, stderr } = await admin(['backup', destination], folder.path, env)
      assert.deepEqual([code, stderr], [0, ''], destination)
      assert.ok(changes > before, 'nothing was changed meanwhile')
    }
    isOver = true
    await writing
    const { missing } = JSON.parse(await readFile(folder.join('second/manifest.json'), 'utf8'))
    assert.deepEqual(missing, [])

    for (const destination of DESTINATIONS) {
      const to = {
        DATA_FOLDER: folder.join(`restored-${path.parse(destination).name}`),
        DATABASE_URL: await postgres?.createDatabase(),
      }
      const { code, stdout, stderr } = await admin(['restore', destination, '--yes'], folder.path, to)
      assert.deepEqual([code, stderr], [0, ''], destination)
      // What check-data says of it.
      assert.match(stdout, /No problems\./)
    }
  })
}

/** One of each; what is younger goes before what is older. `onChange` is called after each request that changes something. */
async function writeAndDelete(device: TestDevice, onChange: () => void): Promise<void> {
  const { json: item } = await device.post('/api/ciphers', device.loginItem('short-lived'))
  onChange()
  const { json: kept } = await device.post('/api/ciphers', device.loginItem('kept'))
  onChange()
  const attachment = await attach(device, item.id, 'soon gone')
  onChange()
  await attach(device, kept.id, 'stays')
  onChange()
  const send = await sendFile(device, new Uint8Array(100))
  onChange()
  for (const gone of [`ciphers/${item.id}/attachment/${attachment}`, `ciphers/${item.id}`, `sends/${send.id}`]) {
    const { status } = await device.delete(`/api/${gone}`)
    assert.equal(status, 200, gone)
    onChange()
  }
}
