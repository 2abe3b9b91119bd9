/** The official CLI behind nginx, by the printed configuration on a path: what it does is heard by another device. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotificationType } from '../../src/notify/index.ts'
import { BitwardenCli, HubDevice } from '../conformance/devices.ts'
import { login, PASSWORD, register } from '../helpers/account.ts'
import { startSite } from './site.ts'
import { PROXIES } from './start-proxy.ts'

test('bw logs in, creates a folder, and a phone hears of it', { skip: PROXIES.nginx.skip }, async () => {
  await using site = await startSite({ kind: 'nginx', path: '/vault' })
  const account = { server: site.url, email: 'alice@example.com' }
  await register(account)
  const phone = await login(account)
  await using hub = await HubDevice.connect(site.url, phone.accessToken)
  await using cli = await BitwardenCli.install(site.caFile)
  await cli.login(site.url, account.email, PASSWORD)
  const folder = await cli.json('create', 'folder', Buffer.from('{"name":"Work"}').toString('base64'))
  const event = await hub.next()
  assert.equal(event.Type, NotificationType.SyncFolderCreate)
  assert.equal(event.Payload.Id, folder.id)
})
