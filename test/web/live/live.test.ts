import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import { approveRequest } from '../../../web/src/api/auth-requests.ts'
import { deauthorizeDevice } from '../../../web/src/api/devices.ts'
import { newSend } from '../../../web/src/model/send.ts'
import { login as logInDevice, PASSWORD, type TestDevice } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { until } from '../../helpers/wait.ts'
import { Client, newEmail, untilCell } from '../vault/client.ts'

let server: TestServer
before(async () => {
  mock.method(console, 'info', () => {})
  server = await startTestServer({ vault: {} })
})
after(() => server.close())

const at = () => server.webUrl

/** Two browsers of one user, which hear each other. */
async function two(): Promise<{ here: Client; there: Client } & Disposable> {
  const email = await newEmail(at())
  const here = await Client.open({ url: at(), email })
  const there = await Client.open({ url: at(), email })
  await Promise.all([here.connected(), there.connected()])
  await Promise.all([here.vault.sync(), there.vault.sync()])
  return {
    here,
    there,
    [Symbol.dispose]() {
      here[Symbol.dispose]()
      there[Symbol.dispose]()
    },
  }
}

test('what one browser does to an item, the other shows, and fetches that item alone', async () => {
  using both = await two()
  const { here, there } = both
  const { vault } = there
  const item = () => vault.items.value[0]
  const shows = (isSo: () => unknown, what: string) => untilCell(vault.items, () => Boolean(isSo()), what)
  there.requests.length = 0
  const id = await here.create('Note')
  await there.shows('Note')
  assert.deepEqual([...vault.recent.value], [[id, 'created']])
  await here.rename(id, 'Renamed')
  await there.shows('Renamed')
  await here.vault.favorite([id], true)
  await shows(() => item()?.isFavorite, 'the favourite')
  await here.vault.archive([id])
  await shows(() => item()?.archivedDate, 'the archive')
  await here.vault.unarchive([id])
  await shows(() => !item()?.archivedDate, 'what came out of the archive')
  await here.vault.trash([id])
  await shows(() => item()?.deletedDate, 'the trash')
  await here.vault.restore([id])
  await shows(() => !item()?.deletedDate, 'what came out of the trash')
  assert.deepEqual([...new Set(there.requests)], [`GET api/ciphers/${id}`])

  const folderId = await here.vault.saveFolder({ id: null, name: 'Work' })
  await untilCell(vault.folders, (folders) => folders.length === 1, 'the folder')
  await here.vault.move([id], folderId)
  await shows(() => item()?.folderId === folderId, 'the move')
  await here.vault.saveFolder({ id: folderId, name: 'Private' })
  await untilCell(vault.folders, ([folder]) => folder?.name === 'Private', "the folder's name")
  await here.vault.removeFolder(folderId)
  await untilCell(vault.folders, (folders) => folders.length === 0, 'the end of the folder')
  await shows(() => item()?.folderId === null, 'what was in it')

  await here.vault.upload(id, new File(['content'], 'file.txt'))
  await until(async () => (await vault.open(id)).attachments.length === 1, 'the file')
  const [attachment] = await vault.attachmentsOf(await vault.open(id))
  assert.equal(attachment!.fileName, 'file.txt')
  const content = await vault.download(id, attachment!.id)
  assert.equal(new TextDecoder().decode(content), 'content')
  await here.vault.removeAttachment(id, attachment!.id)
  await until(async () => (await vault.open(id)).attachments.length === 0, 'the end of the file')

  await here.vault.remove([id])
  await there.shows()
  assert.equal(vault.recent.value.size, 0)
  assert.ok(!there.requests.includes('GET api/sync'), 'each came by itself')
})

test('what is done to many items is one sync elsewhere', async () => {
  using both = await two()
  const { here, there } = both
  const ids = [await here.create('a'), await here.create('b')]
  await there.shows('a', 'b')
  const folderId = await here.vault.saveFolder({ id: null, name: 'Work' })
  await here.vault.move(ids, folderId)
  await untilCell(there.vault.items, (items) => items.every((item) => item.folderId === folderId), 'the move')
  await here.vault.trash(ids)
  await untilCell(there.vault.items, (items) => items.every((item) => item.deletedDate !== null), 'the trash')
  await here.vault.remove(ids)
  await there.shows()
})

test('what a browser has done itself it does not fetch, and does not show as news', async () => {
  using both = await two()
  const { here, there } = both
  here.requests.length = 0
  const id = await here.create('Note')
  await here.rename(id, 'Renamed')
  const folderId = await here.vault.saveFolder({ id: null, name: 'Work' })
  await here.vault.move([id], folderId)
  await there.shows('Renamed')
  // Its own events come before this one, which is another's.
  await untilCell(there.vault.items, ([item]) => item?.folderId === folderId, 'the move')
  await there.rename(id, 'Theirs')
  await here.shows('Theirs')
  assert.deepEqual(here.requests, [
    'POST api/ciphers',
    `PUT api/ciphers/${id}`,
    'POST api/folders',
    `PUT api/ciphers/${id}/partial`,
    `GET api/ciphers/${id}`,
  ])
  assert.deepEqual([...here.vault.recent.value], [[id, 'changed']])
})

test('another tab of the same browser, which has the same name, sees what the first one does', async () => {
  const email = await newEmail(at())
  using first = await Client.open({ url: at(), email })
  using second = await Client.open({ url: at(), email, browser: first.browser })
  assert.equal(first.tab.api.device.identifier, second.tab.api.device.identifier)
  await Promise.all([first.connected(), second.connected()])
  const id = await first.create('Note')
  await second.shows('Note')
  await second.rename(id, 'Renamed')
  await first.shows('Renamed')
  const ids = [id, await first.create('Other')]
  await second.shows('Renamed', 'Other')
  await second.vault.trash(ids)
  await untilCell(first.vault.items, (items) => items.every(({ deletedDate }) => deletedDate !== null), 'the trash')
  await first.vault.remove([id])
  await second.shows('Other')
  assert.equal(first.vault.recent.value.size, 0, 'nobody else did anything')
})

test('many changes at once are one sync, and nothing is lost', async () => {
  using both = await two()
  const { here, there } = both
  there.requests.length = 0
  const names = Array.from({ length: 60 }, (_, i) => `Item ${i}`)
  await Promise.all(names.map((name) => here.create(name)))
  await there.shows(...names)
  const singly = there.requests.filter((request) => request.startsWith('GET api/ciphers/'))
  assert.ok(singly.length < 30, `${singly.length} were fetched by themselves`)
})

test('what changes during a sync is not lost', async () => {
  using both = await two()
  const { here, there } = both
  const kept = await here.create('kept')
  const gone = await here.create('gone')
  await there.shows('kept', 'gone')
  // The snapshot is from before all of this, and comes after it.
  const { fetch } = there.browser
  const asked = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  there.browser.fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (String(input).includes('/api/sync')) {
      asked.resolve()
      await held.promise
    }
    return response
  }
  await here.vault.saveFolder({ id: null, name: 'Work' })
  const sync = there.vault.sync()
  await asked.promise
  await here.create('created')
  await here.rename(kept, 'renamed')
  await here.vault.remove([gone])
  await there.create('own')
  await here.shows('created', 'renamed', 'own')
  held.resolve()
  there.browser.fetch = fetch
  await sync
  await there.shows('created', 'renamed', 'own')
})

test('Sends come, change and go', async () => {
  using both = await two()
  const { here, there } = both
  const deletionDate = new Date(Date.now() + 86_400_000)
  const text = newSend('Text', { type: 'text', text: 'hello', isHidden: false }, deletionDate)
  const id = await here.vault.saveSend(text, { password: 'open' })
  const [send] = await untilCell(there.vault.sends, (sends) => sends.length === 1, 'the Send')
  assert.deepEqual([send!.name, send!.hasPassword], ['Text', true])
  await there.vault.saveSend({ ...send!, name: 'Renamed' })
  await untilCell(here.vault.sends, ([one]) => one?.name === 'Renamed', 'the new name')
  await here.vault.removeSendPassword(id)
  await untilCell(there.vault.sends, ([one]) => one?.hasPassword === false, 'the end of the password')
  const draft = newSend('File', { type: 'file', fileName: '', fileId: null, size: 0 }, deletionDate)
  const progress: number[] = []
  await here.vault.saveSend(draft, {
    file: new File(['content'], 'a.txt'),
    onProgress: (bytes) => progress.push(bytes),
  })
  const sends = await untilCell(there.vault.sends, (sends) => sends.length === 2, 'the file')
  const file = sends.find(({ type }) => type === 'file')
  assert.ok(file?.type === 'file')
  assert.equal(file.fileName, 'a.txt')
  await there.vault.removeSend(id)
  await untilCell(here.vault.sends, (sends) => sends.length === 1, 'the end of the Send')
})

test('what is changed of the account is synced', async () => {
  using both = await two()
  const { here, there } = both
  await here.tab.api.request('PUT', 'api/accounts/profile', { body: { name: 'Alicia' } })
  await untilCell(there.vault.profile, (profile) => profile?.name === 'Alicia', 'the name')
})

test('a device that is deauthorised is signed out, be its vault open or locked', async () => {
  for (const isLocked of [false, true]) {
    using both = await two()
    const { here, there } = both
    if (isLocked) there.tab.session.lock()
    await deauthorizeDevice(here.tab.api, there.tab.api.device.identifier)
    const state = await untilCell(there.tab.session.state, ({ kind }) => kind === 'signed-out', 'the end')
    assert.deepEqual(state, { kind: 'signed-out', why: 'revoked' })
    assert.equal(there.live!.state.value, 'off')
    assert.equal(here.live!.state.value, 'connected')
    assert.deepEqual(there.names(), [])
  }
})

test('a session that was ended while nobody heard it is found to be over by whoever tries to connect', async () => {
  for (const isLocked of [false, true]) {
    using both = await two()
    const { here, there } = both
    if (isLocked) there.tab.session.lock()
    const { fetch } = there.browser
    there.browser.fetch = () => Promise.reject(new TypeError('offline'))
    // Its access token ends, and cannot be renewed.
    there.browser.clock.advance(3 * 3_600_000)
    if (!isLocked) await there.tab.session.unlock(PASSWORD)
    there.wake('doubt')
    await untilCell(there.live!.state, (state) => state === 'offline', 'the loss')
    await deauthorizeDevice(here.tab.api, there.tab.api.device.identifier)
    there.browser.fetch = fetch
    const state = await untilCell(there.tab.session.state, ({ kind }) => kind === 'signed-out', 'the end')
    assert.deepEqual(state, { kind: 'signed-out', why: 'revoked' })
  }
})

test('a device that asks to be let in is told of, until somebody has answered it', async () => {
  using both = await two()
  const { here, there } = both
  const asking: TestDevice = await logInDevice({ server: at(), email: here.email })
  const ask = async () => {
    const body = {
      email: here.email,
      publicKey: 'cHVibGlj',
      deviceIdentifier: asking.deviceId,
      accessCode: 'x'.repeat(25),
      type: 0,
    }
    const { status, json } = await asking.request('POST', '/api/auth-requests', body, { 'Device-Type': '9' })
    assert.equal(status, 200, JSON.stringify(json))
    return json.id as string
  }
  const id = await ask()
  for (const { live } of [here, there]) await untilCell(live!.loginRequests, (ids) => ids.includes(id), 'the request')
  await approveRequest(here.tab.api, id, '4.a2V5')
  for (const { live } of [here, there]) await untilCell(live!.loginRequests, (ids) => ids.length === 0, 'the answer')

  // One that was made while nobody heard.
  there.live!.close()
  const missed = await ask()
  using third = await Client.open({ url: at(), email: here.email })
  await untilCell(third.live!.loginRequests, (ids) => ids.includes(missed), 'the request that waits')
})
