/** After a restore devices see what was saved: the apps hear that they have to sync when they are back, and the official CLI does. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { NotificationType } from '../../src/notify/index.ts'
import { login, PASSWORD, register } from '../helpers/account.ts'
import { freePort, runProgram } from '../helpers/processes.ts'
import { startTestServer } from '../helpers/server.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { BitwardenCli, HubDevice } from './devices.ts'

const BELFRY = path.resolve(import.meta.dirname, '../../bin/belfry')
const EMAIL = 'alice@example.com'

test('two devices and the CLI see the restored state', { timeout: 180_000 }, async () => {
  await using folder = await temporaryFolder()
  const dataFolder = folder.join('data')
  const [port, httpsPort] = [await freePort(), await freePort()]
  const host = '127.0.0.1'
  const start = () =>
    startTestServer({
      web: { port, https: { host, port: httpsPort } },
      vault: { dataFolder },
      hub: { drainWindowMs: 0 },
    })
  const admin = async (...args: string[]) => {
    const env = { DATA_FOLDER: dataFolder }
    const { code, stderr } = await runProgram(
      { command: BELFRY, args: ['admin', ...args], cwd: folder.path, env },
      60_000,
    )
    assert.deepEqual([code, stderr], [0, ''])
  }

  const before = await start()
  await register({ server: before.webUrl, email: EMAIL })
  const devices = [
    await login({ server: before.webUrl, email: EMAIL }),
    await login({ server: before.webUrl, email: EMAIL }),
  ]
  const [device] = devices
  await using cli = await BitwardenCli.install(before.certificateAuthorityFile)
  await cli.login(before.secureUrl, EMAIL, PASSWORD)
  const { json: kept } = await device!.post('/api/ciphers', device!.loginItem('saved'))
  await admin('backup', 'saved.tar.gz')

  // Later than the backup: one is new, one has another name, and all devices know.
  await device!.post('/api/ciphers', device!.loginItem('later'))
  await device!.put(`/api/ciphers/${kept.id}`, {
    ...device!.loginItem('renamed'),
    lastKnownRevisionDate: kept.revisionDate,
  })
  await cli.run('sync')
  const namesOf = async () => (await cli.json('list', 'items')).map(({ name }: { name: string }) => name).sort()
  assert.deepEqual(await namesOf(), ['later', 'renamed'])
  for (const { accessToken } of devices)
    await (await HubDevice.connect(before.webUrl, accessToken))[Symbol.asyncDispose]()
  const revisionDate = async () => (await device!.get('/api/accounts/revision-date')).json
  const seenMs = await revisionDate()
  await before.close()

  await admin('restore', 'saved.tar.gz', '--yes')
  await using _after = await start()
  assert.ok((await revisionDate()) > seenMs)
  for (const { accessToken } of devices) {
    await using hub = await HubDevice.connect(before.webUrl, accessToken)
    assert.equal((await hub.next()).Type, NotificationType.SyncVault)
  }
  await cli.run('sync')
  assert.deepEqual(await namesOf(), ['saved'])
})
