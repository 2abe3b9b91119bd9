/**
 * Everything that a device can do, heard by a phone and a browser that are not connected: by way of a push relay and a push
 * service that take only what the specification and the RFCs allow. The official CLI does what it can do.
 */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { NotificationType } from '../../src/notify/index.ts'
import { type Json, login, PASSWORD, type TestDevice } from '../helpers/account.ts'
import { type PushRelay, startPushRelay } from '../helpers/push-relay.ts'
import { type PushService, startPushService } from '../helpers/push-service.ts'
import { until } from '../helpers/wait.ts'
import { inDays } from '../vault/sends/send-requests.ts'
import { BitwardenCli, HubDevice, type ServedCli } from './devices.ts'
import { Belfry, INSTALLATION } from './push/belfry.ts'
import { assertInOrder, Changes, toldTo, unknownTo, untilAllIsKnown } from './push/changes.ts'
import { type Household, moveIn, readByExtension } from './push/household.ts'

const T = NotificationType
const ASKER = 9

describe('a phone and a browser that are not connected', () => {
  let relay: PushRelay
  let service: PushService
  let belfry: Belfry
  let home: Household
  let program: BitwardenCli
  let cli: ServedCli
  before(async () => {
    relay = await startPushRelay(INSTALLATION)
    service = await startPushService()
    belfry = await Belfry.start({ relay, service })
    home = await moveIn({ server: belfry.url, relay, service })
    program = await BitwardenCli.install(belfry.certificateAuthorityFile)
    await program.login(belfry.secureUrl, home.email, PASSWORD)
    cli = await program.serve()
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
    await program?.[Symbol.asyncDispose]()
    await belfry?.[Symbol.asyncDispose]()
    await service?.[Symbol.asyncDispose]()
    await relay?.[Symbol.asyncDispose]()
  })

  /** Both are told this next; resolves with who did it. */
  async function assertTold(type: number, payload: Json): Promise<string | null> {
    const [toPhone, { contextId, ...toBrowser }] = await Promise.all([home.phone.next(), home.browser.next()])
    const wanted = { type, payload: { ...payload, userId: home.userId } }
    assert.deepEqual(withoutDates(toPhone), withoutDates(wanted))
    assert.deepEqual(withoutDates(toBrowser), withoutDates(wanted))
    for (const name of DATES) {
      if (!(name in payload)) continue
      assert.equal(toPhone.payload[name], payload[name])
      assert.equal(Date.parse(toBrowser.payload[name]), Date.parse(payload[name]))
    }
    return contextId
  }

  const read = async (path: string): Promise<Json> => (await home.webVault.get(path)).json
  const assertToldOfItem = async (type: number, id: string, item?: Json) => {
    const { revisionDate } = item ?? (await read(`/api/ciphers/${id}`))
    return assertTold(type, { id, organizationId: null, collectionIds: null, revisionDate })
  }
  const assertToldOfSend = async (type: number, id: string, send?: Json) => {
    const { revisionDate } = send ?? (await read(`/api/sends/${id}`))
    return assertTold(type, { id, revisionDate })
  }
  /** That something in the account has changed, which has happened just now. */
  const assertToldOfAccount = async (type: number) => {
    const date = new Date(Number(await read('/api/accounts/revision-date')))
    return assertTold(type, { date: `${date.toISOString().slice(0, -1)}000Z` })
  }
  /** The CLI may not know yet what it has just done itself: then it says so, and asks nobody. */
  const patiently = async (...call: Parameters<ServedCli['call']>) => {
    const called = await until(async () => ({ answer: await cli.call(...call) }), `${call[0]} ${call[1]}`)
    return called.answer
  }
  const deviceIdOf = async (type: number) => {
    const { data } = await read('/api/devices')
    return data.find((device: Json) => device.type === type).identifier as string
  }

  test('are told of folders that the CLI makes, renames and deletes', async () => {
    const { id } = await cli.call('POST', '/object/folder', { name: 'Money' })
    const made = await read(`/api/folders/${id}`)
    const contextId = await assertTold(T.SyncFolderCreate, { id, revisionDate: made.revisionDate })
    // The CLI on Linux.
    assert.equal(contextId, await deviceIdOf(25))
    await cli.call('PUT', `/object/folder/${id}`, { name: 'Money, renamed' })
    await assertTold(T.SyncFolderUpdate, { id, revisionDate: (await read(`/api/folders/${id}`)).revisionDate })
    await cli.call('DELETE', `/object/folder/${id}`)
    const { payload } = await home.phone.next()
    assert.deepEqual([payload.id, (await home.browser.next()).payload.id], [id, id])
  })

  test('are told of items that the CLI makes, changes, attaches files to, archives, throws away and deletes', async () => {
    const item = { ...ITEM, name: 'Bank' }
    const made = await cli.call('POST', '/object/item', item)
    const { id } = made
    await assertToldOfItem(T.SyncCipherCreate, id)
    await patiently('PUT', `/object/item/${id}`, { ...made, name: 'Bank, renamed' })
    await assertToldOfItem(T.SyncCipherUpdate, id)

    const form = new FormData()
    form.append('file', new Blob([Buffer.from('a file')]), 'file.txt')
    const { attachments } = await patiently('POST', `/attachment?itemid=${id}`, form)
    await assertToldOfItem(T.SyncCipherUpdate, id)
    await patiently('DELETE', `/object/attachment/${attachments[0].id}?itemid=${id}`)
    await assertToldOfItem(T.SyncCipherUpdate, id)

    // It asks as for many of them.
    await patiently('POST', `/archive/item/${id}`)
    await assertToldOfAccount(T.SyncCiphers)
    await patiently('POST', `/restore/item/${id}`)
    await assertToldOfAccount(T.SyncCiphers)
    await patiently('DELETE', `/object/item/${id}`)
    await assertToldOfItem(T.SyncCipherUpdate, id)
    await patiently('POST', `/restore/item/${id}`)
    await assertToldOfItem(T.SyncCipherUpdate, id)

    await patiently('DELETE', `/object/item/${id}`)
    await assertToldOfItem(T.SyncCipherUpdate, id)
    await program.run('delete', 'item', id, '--permanent')
    const [onPhone, inBrowser] = [await home.phone.next(), await home.browser.next()]
    assert.deepEqual([onPhone.type, onPhone.payload.id], [T.SyncLoginDelete, id])
    assert.deepEqual([inBrowser.type, inBrowser.payload.id], [T.SyncLoginDelete, id])
  })

  test('are told of Sends that the CLI makes, changes, takes the password from and deletes, and others open', async () => {
    const send = await cli.call('POST', '/object/send', { ...SEND, deletionDate: inDays(3) })
    const { id } = send
    const contextId = await assertToldOfSend(T.SyncSendCreate, id)
    assert.equal(contextId, await deviceIdOf(25))
    await cli.call('PUT', `/object/send/${id}`, { ...send, name: 'renamed' })
    await assertToldOfSend(T.SyncSendUpdate, id)
    await cli.call('POST', `/send/${id}/remove-password`)
    await assertToldOfSend(T.SyncSendUpdate, id)
    assert.equal(await program.run('send', 'receive', send.accessUrl), 'text')
    assert.equal(await assertToldOfSend(T.SyncSendUpdate, id), null)
    const last = await read(`/api/sends/${id}`)
    await cli.call('DELETE', `/object/send/${id}`)
    const [onPhone, inBrowser] = [await home.phone.next(), await home.browser.next()]
    assert.deepEqual([onPhone.type, onPhone.payload.id], [T.SyncSendDelete, id])
    assert.deepEqual([inBrowser.type, inBrowser.payload.id], [T.SyncSendDelete, id])
    assert.ok(onPhone.payload.revisionDate >= last.revisionDate)
  })

  test('are told to sync when the CLI imports, and when items are moved, deleted, restored and purged by the dozen', async () => {
    const file = program.file('import.json')
    await writeFile(file, JSON.stringify({ encrypted: false, folders: [], items: [ITEM, ITEM, ITEM] }))
    await program.run('import', 'bitwardenjson', file)
    await assertToldOfAccount(T.SyncVault)

    const { webVault } = home
    const { ciphers } = await read('/api/sync')
    const ids = ciphers.map(({ id }: Json) => id)
    assert.equal(ids.length, 3)
    for (const [method, path, body] of [
      ['PUT', '/api/ciphers/move', { ids, folderId: null }],
      ['PUT', '/api/ciphers/delete', { ids }],
      ['PUT', '/api/ciphers/restore', { ids }],
      ['PUT', '/api/ciphers/archive', { ids }],
      ['PUT', '/api/ciphers/unarchive', { ids }],
      ['DELETE', '/api/ciphers', { ids }],
    ] as const) {
      assert.equal((await webVault.request(method, path, body)).status, 200, path)
      await assertToldOfAccount(T.SyncCiphers)
    }
    assert.equal((await webVault.post('/api/ciphers/purge', { masterPasswordHash: webVault.passwordHash })).status, 200)
    await assertToldOfAccount(T.SyncVault)
  })

  test('are told of settings of the account', async () => {
    const { webVault } = home
    const domains = { excludedGlobalEquivalentDomains: [], equivalentDomains: [['a.example', 'b.example']] }
    assert.equal((await webVault.put('/api/settings/domains', domains)).status, 200)
    await assertToldOfAccount(T.SyncSettings)
    assert.equal((await webVault.put('/api/accounts/profile', { name: 'Alice Example' })).status, 200)
    assert.equal(await assertToldOfAccount(T.SyncSettings), webVault.deviceId)
  })

  test('are asked to let a device in, and told when another one has', async () => {
    const { webVault } = home
    const ask = { publicKey: 'public', deviceIdentifier: webVault.deviceId, accessCode: 'x'.repeat(25), type: 0 }
    const body = { ...ask, email: home.email }
    const headers = { 'Device-Type': String(ASKER) }
    const { id } = (await webVault.request('POST', '/api/auth-requests/', body, headers)).json
    assert.equal(await assertTold(T.AuthRequest, { id }), webVault.deviceId)
    const { device } = home.phone
    const approval = {
      deviceIdentifier: device.deviceId,
      key: '4.key',
      masterPasswordHash: null,
      requestApproved: true,
    }
    assert.equal((await device.put(`/api/auth-requests/${id}`, approval)).status, 200)
    const { type, payload, contextId } = await home.browser.next()
    assert.deepEqual([type, payload.id, contextId], [T.AuthRequestResponse, id, device.deviceId])
    // It is the only phone, and was there when it was done.
    assert.deepEqual(home.phone.events.untaken, [])
  })

  test('are told by the hub alone while they are connected and hear, and by push again when they are not', async () => {
    const { browser, phone, webVault } = home
    const change = async () => (await webVault.post('/api/folders', { name: webVault.encrypt('x') })).json.id as string
    {
      await using hub = await HubDevice.connect(belfry.url, browser.device.accessToken)
      // It is told to sync for what it missed, before or after it has heard of this.
      const id = await change()
      while ((await hub.next()).Payload.Id !== id);
      assert.equal((await phone.next()).payload.id, id)
    }
    const later: string[] = []
    await until(async () => {
      const id = await change()
      later.push(id)
      assert.equal((await phone.next()).payload.id, id)
      return browser.subscription.received.untaken.length > 0
    }, 'the server to know that the browser has gone')
    // Nothing of what it has heard.
    for (const { json } of browser.subscription.received.takeAll()) {
      assert.ok(later.includes(readByExtension({ json }).payload.id))
    }
  })

  test('are told when they are logged out, and no more afterwards', async () => {
    const other = await moveIn({ server: belfry.url, relay, service })
    const { webVault } = other
    const body = { masterPasswordHash: webVault.passwordHash, newMasterPasswordHash: NEW_HASH, key: '2.new' }
    assert.equal((await webVault.post('/api/accounts/password', body)).status, 200)
    const [onPhone, inBrowser] = [await other.phone.next(), await other.browser.next()]
    assert.deepEqual([onPhone.type, inBrowser.type], [T.LogOut, T.LogOut])
    assert.equal(inBrowser.contextId, webVault.deviceId)
    assert.match(onPhone.payload.date, /\.\d{6}Z$/)
  })

  test('are told that the account is gone, before the relay forgets the phone', async () => {
    const other = await moveIn({ server: belfry.url, relay, service })
    const pushId = pushIdOf(other.phone.device)
    const body = { masterPasswordHash: other.webVault.passwordHash }
    assert.equal((await other.webVault.delete('/api/accounts', body)).status, 200)
    assert.deepEqual([(await other.phone.next()).type, (await other.browser.next()).type], [T.LogOut, T.LogOut])
    await relay.deleted.matching((id) => id === pushId, 'the phone to be forgotten', 60_000)
    assert.equal(other.phone.events.all.length, 1)
  })

  test('may be those of two users, who hear of each their own', async () => {
    const one = await moveIn({ server: belfry.url, relay, service })
    const two = await moveIn({ server: belfry.url, relay, service }, one)
    for (const { webVault, phone, browser } of [one, two, one]) {
      const { id } = (await webVault.post('/api/folders', { name: webVault.encrypt('x') })).json
      assert.deepEqual([(await phone.next()).payload.id, (await browser.next()).payload.id], [id, id])
    }
    assert.deepEqual([one.phone.events.untaken, one.browser.subscription.received.untaken], [[], []])
    assert.equal((await one.webVault.delete(`/api/devices/${one.phone.device.deviceId}`)).status, 200)
    const { id } = (await two.webVault.post('/api/folders', { name: two.webVault.encrypt('x') })).json
    assert.equal((await two.phone.next()).payload.id, id)
  })

  test('know all when they wake, though a push service keeps the last of a topic alone', async () => {
    const other = await moveIn({ server: belfry.url, relay, service })
    const { webVault, browser } = other
    const { json: item } = await webVault.post('/api/ciphers', webVault.loginItem('x'))
    await browser.next()
    browser.subscription.sleep()
    const changes = new Changes(webVault)
    for (let i = 0; i < 4; i++) {
      await changes.make(4)
      await webVault.put('/api/ciphers/move', { ids: [item.id], folderId: null })
      await webVault.put('/api/accounts/profile', { name: `Alice ${i}` })
      await until(() => unknownTo(toldTo(other.phone.events), changes.all).length === 0, 'all on the phone')
    }
    await until(() => browser.subscription.waitingCount > 1, 'all at the push service')
    browser.subscription.wake()
    await untilAllIsKnown(other, changes)
    assertInOrder(toldTo(browser.subscription.received))
  })

  const pushIdOf = ({ deviceId, userId }: TestDevice) => {
    const isTheirs = (one: { identifier: string; userId: string }) =>
      one.identifier === deviceId && one.userId === userId
    const [pushId] = [...relay.registrations].find(([, registration]) => isTheirs(registration)) ?? []
    assert.ok(pushId)
    return pushId
  }

  test('a phone that is removed is forgotten by the relay and told no more', async () => {
    const other = await moveIn({ server: belfry.url, relay, service })
    const pushId = pushIdOf(other.phone.device)
    assert.equal((await other.webVault.delete(`/api/devices/${other.phone.device.deviceId}`)).status, 200)
    await relay.deleted.matching((id) => id === pushId, 'the phone to be forgotten', 60_000)
    await other.webVault.post('/api/folders', { name: other.webVault.encrypt('x') })
    await other.browser.next()
    // Nor that it is logged out: the relay would tell all phones of the user.
    assert.deepEqual(other.phone.events.all, [])
  })

  test('a browser that is removed is told that it is logged out, and nobody else is', async () => {
    const other = await moveIn({ server: belfry.url, relay, service })
    assert.equal((await other.webVault.delete(`/api/devices/${other.browser.device.deviceId}`)).status, 200)
    assert.equal((await other.browser.next()).type, T.LogOut)
    const { id } = (await other.webVault.post('/api/folders', { name: other.webVault.encrypt('x') })).json
    assert.equal((await other.phone.next()).payload.id, id)
    assert.deepEqual([other.phone.events.all.length, other.browser.subscription.received.all.length], [1, 1])
  })

  test('a phone whose app takes leave is forgotten by the relay', async () => {
    const other = await moveIn({ server: belfry.url, relay, service })
    const { deviceId } = other.phone.device
    const pushId = pushIdOf(other.phone.device)
    const cleared = await fetch(`${belfry.url}/api/devices/identifier/${deviceId}/clear-token`, { method: 'PUT' })
    assert.equal(cleared.status, 200)
    await relay.deleted.matching((id) => id === pushId, 'the phone to be forgotten', 60_000)
  })

  test('a phone with a new token is told there', async () => {
    const other = await moveIn({ server: belfry.url, relay, service })
    const { device } = other.phone
    const { status } = await device.put(`/api/devices/identifier/${device.deviceId}/token`, { pushToken: 'fcm:new' })
    assert.equal(status, 200)
    await relay.registered.matching(({ pushToken }) => pushToken === 'fcm:new')
    await other.webVault.post('/api/folders', { name: other.webVault.encrypt('x') })
    assert.equal((await relay.phone('fcm:new').next()).type, T.SyncFolderCreate)
    assert.deepEqual(other.phone.events.all, [])
  })

  test('a browser whose subscription is over is not tried again', async () => {
    const other = await moveIn({ server: belfry.url, relay, service })
    const { subscription } = other.browser
    subscription.end()
    const change = () => other.webVault.post('/api/folders', { name: other.webVault.encrypt('x') })
    await change()
    await service.requests.matching((endpoint) => endpoint === subscription.endpoint)
    await other.phone.next()
    await change()
    await other.phone.next()
    // What is pushed to another browser of the same service comes behind it.
    const late = await login({ server: belfry.url, email: other.email, deviceType: 2 })
    await subscribeAnew(late)
    await change()
    await other.phone.next()
    assert.equal(service.requests.untaken.filter((endpoint) => endpoint === subscription.endpoint).length, 0)
  })

  async function subscribeAnew(device: TestDevice) {
    const { vapidPublicKey } = (await device.get('/api/config')).json.push
    const { endpoint, p256dh, auth } = service.subscribe(vapidPublicKey)
    const path = `/api/devices/identifier/${device.deviceId}/web-push-auth`
    assert.equal((await device.post(path, { endpoint, p256dh, auth })).status, 200)
  }
})

const DATES = ['revisionDate', 'date'] as const
const NEW_HASH = Buffer.alloc(32, 1).toString('base64')

const ITEM: Json = {
  type: 1,
  name: 'Item',
  notes: null,
  favorite: false,
  folderId: null,
  organizationId: null,
  collectionIds: null,
  reprompt: 0,
  fields: [],
  login: { uris: [], username: 'alice', password: 'secret', totp: null },
}

const SEND: Json = {
  object: 'send',
  name: 'A Send',
  notes: null,
  type: 0,
  text: { text: 'text', hidden: false },
  file: null,
  maxAccessCount: null,
  expirationDate: null,
  password: 'open',
  disabled: false,
  hideEmail: false,
}

/** They are not written alike on the way to a phone and to a browser. */
function withoutDates({ type, payload }: { type: number; payload: Json }) {
  const rest = Object.entries(payload).filter(([name]) => !(DATES as readonly string[]).includes(name))
  return { type, payload: Object.fromEntries(rest) }
}
