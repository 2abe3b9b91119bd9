/**
 * What Belfry is for: a change on one device reaches the others at once. One device is the official CLI, driven as a
 * program; the other is Microsoft's SignalR client, set up as the Bitwarden apps set it up.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import tls from 'node:tls'
import { WebSocket } from 'ws'
import { Tokens } from '../../src/auth/index.ts'
import { systemClock } from '../../src/kit/index.ts'
import { NotificationType } from '../../src/notify/index.ts'
import { openStore } from '../../src/store/index.ts'
import { login, PASSWORD, register, type TestDevice } from '../helpers/account.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { BitwardenCli, HubDevice, type HubEvent } from './devices.ts'

describe('the official CLI changes the vault and another device hears of it', () => {
  const email = 'alice@example.com'
  let server: TestServer
  let cli: BitwardenCli
  let phone: TestDevice
  let hub: HubDevice
  /** The CLI's own device, as the server knows it. */
  let cliDeviceId: string

  before(async () => {
    server = await startTestServer()
    await register({ server: server.webUrl, email })
    phone = await login({ server: server.webUrl, email })
    hub = await HubDevice.connect(server.webUrl, phone.accessToken)
    cli = await BitwardenCli.install(server.certificateAuthorityFile)
    await cli.login(server.secureUrl, email, PASSWORD)
    const devices = await phone.get('/api/devices')
    cliDeviceId = devices.json.data.find((device: { type: number }) => device.type === 25).identifier
  })
  after(async () => {
    await hub?.[Symbol.asyncDispose]()
    await cli?.[Symbol.asyncDispose]()
    await server.close()
  })

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')

  /** An event about one thing, by the CLI, with the date the thing now has. */
  const assertEvent = (event: HubEvent, type: number, id: string, revisionDate?: string) => {
    assert.equal(event.Type, type)
    assert.equal(event.ContextId, cliDeviceId)
    assert.equal(event.Payload.Id, id)
    assert.equal(event.Payload.UserId, phone.userId)
    assert.ok(event.Payload.RevisionDate instanceof Date)
    if (revisionDate !== undefined) assert.equal(event.Payload.RevisionDate.getTime(), Date.parse(revisionDate))
  }

  let folder: { id: string }
  let item: { id: string; name: string; revisionDate: string }

  test('bw login twice works: the key id is taken once and given back', async () => {
    const again = await BitwardenCli.install(server.certificateAuthorityFile)
    await again.login(server.secureUrl, email, PASSWORD)
    assert.deepEqual(await again.json('list', 'items'), [])
    await again[Symbol.asyncDispose]()
  })

  test('bw create folder', async () => {
    // What the logins told: a recorded key id is no event for the others.
    assert.deepEqual(hub.unread, [])
    folder = await cli.json('create', 'folder', encoded({ name: 'Work' }))
    assertEvent(await hub.next(), NotificationType.SyncFolderCreate, folder.id)
  })

  test('bw edit folder', async () => {
    await cli.run('edit', 'folder', folder.id, encoded({ name: 'Work and play' }))
    const event = await hub.next()
    const { json } = await phone.get(`/api/folders/${folder.id}`)
    assertEvent(event, NotificationType.SyncFolderUpdate, folder.id, json.revisionDate)
    assert.equal(phone.decrypt(json.name), 'Work and play')
  })

  test('bw create item', async () => {
    const template = await cli.json('get', 'template', 'item')
    const loginTemplate = await cli.json('get', 'template', 'item.login')
    item = await cli.json(
      'create',
      'item',
      encoded({
        ...template,
        name: 'Bank',
        folderId: folder.id,
        notes: 'ask for Bob',
        login: { ...loginTemplate, username: 'alice', password: 'first', totp: null },
        fields: [{ name: 'pin', value: '1234', type: 1 }],
      }),
    )
    const event = await hub.next()
    const { json } = await phone.get(`/api/ciphers/${item.id}/details`)
    assertEvent(event, NotificationType.SyncCipherCreate, item.id, json.revisionDate)
    assert.equal(phone.decrypt(json.name), 'Bank')
    assert.equal(json.folderId, folder.id)
  })

  test('bw edit item: the other device fetches exactly what the event names', async () => {
    await cli.run('edit', 'item', item.id, encoded({ ...item, name: 'Bank, renamed' }))
    const event = await hub.next()
    const { json } = await phone.get(`/api/ciphers/${item.id}/details`)
    assertEvent(event, NotificationType.SyncCipherUpdate, item.id, json.revisionDate)
    assert.equal(phone.decrypt(json.name), 'Bank, renamed')
  })

  test('bw get and list see what the other device changed, after bw sync', async () => {
    const made = await phone.post('/api/ciphers', phone.loginItem('From the phone'))
    assert.equal(made.status, 200)
    await hub.next()
    await cli.run('sync')
    const names = (await cli.json('list', 'items')).map(({ name }: { name: string }) => name)
    assert.deepEqual(names.sort(), ['Bank, renamed', 'From the phone'])
    assert.equal(await cli.run('get', 'password', 'Bank, renamed'), 'first')
    assert.equal((await cli.json('get', 'item', made.json.id)).login.username, 'alice')
  })

  test('bw delete, list --trash and restore', async () => {
    await cli.run('delete', 'item', item.id)
    assertEvent(await hub.next(), NotificationType.SyncCipherUpdate, item.id)
    const trash = await cli.json('list', 'items', '--trash')
    assert.deepEqual(
      trash.map(({ id }: { id: string }) => id),
      [item.id],
    )
    await cli.run('restore', 'item', item.id)
    assertEvent(await hub.next(), NotificationType.SyncCipherUpdate, item.id)
    assert.equal((await phone.get(`/api/ciphers/${item.id}`)).json.deletedDate, null)
  })

  test('bw archive', async () => {
    await cli.run('archive', 'item', item.id)
    const event = await hub.next()
    assert.equal(event.ContextId, cliDeviceId)
    assert.equal(event.Payload.UserId, phone.userId)
    assert.notEqual((await phone.get(`/api/ciphers/${item.id}`)).json.archivedDate, null)
  })

  test('bw delete --permanent', async () => {
    await cli.run('delete', 'item', item.id, '--permanent')
    assertEvent(await hub.next(), NotificationType.SyncLoginDelete, item.id)
  })

  test('bw delete folder', async () => {
    await cli.run('delete', 'folder', folder.id)
    assertEvent(await hub.next(), NotificationType.SyncFolderDelete, folder.id)
  })

  test('and nothing else was heard', () => {
    assert.deepEqual(hub.unread, [])
  })
})

describe('who hears what', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
  })
  after(() => server.close())

  const account = async () => {
    const email = `${randomUUID()}@example.com`
    await register({ server: server.webUrl, email })
    return { email, device: await login({ server: server.webUrl, email }) }
  }

  test('every device of the user, nobody else, and the acting one is named', async () => {
    const alice = await account()
    const bob = await account()
    const laptop = await login({ server: server.webUrl, email: alice.email })
    await using onPhone = await HubDevice.connect(server.webUrl, alice.device.accessToken)
    await using onLaptop = await HubDevice.connect(server.webUrl, laptop.accessToken)
    await using onBobs = await HubDevice.connect(server.webUrl, bob.device.accessToken)

    const { json } = await laptop.post('/api/ciphers', laptop.loginItem('Shared thought'))
    for (const device of [onPhone, onLaptop]) {
      const event = await device.next()
      assert.equal(event.Type, NotificationType.SyncCipherCreate)
      assert.equal(event.Payload.Id, json.id)
      // The apps drop what they did themselves by this.
      assert.equal(event.ContextId, laptop.deviceId)
    }
    // Bob's own event is the first he hears, so nothing of Alice's came before it.
    await bob.device.post('/api/folders', { name: bob.device.encrypt('Bob') })
    assert.equal((await onBobs.next()).Type, NotificationType.SyncFolderCreate)
    assert.deepEqual([onPhone.unread, onLaptop.unread, onBobs.unread], [[], [], []])
  })

  test('every mutation tells the other device its type, with dates that move forward', async () => {
    const { email, device: phone } = await account()
    const laptop = await login({ server: server.webUrl, email })
    await using hub = await HubDevice.connect(server.webUrl, phone.accessToken)
    const heard = async () => {
      const { Type, Payload, ContextId } = await hub.next()
      assert.equal(ContextId, laptop.deviceId)
      const name = Object.entries(NotificationType).find(([, type]) => type === Type)?.[0]
      return { name, date: (Payload.RevisionDate ?? Payload.Date) as Date, id: Payload.Id as string | undefined }
    }
    const folder = (await laptop.post('/api/folders', { name: laptop.encrypt('F') })).json
    assert.equal((await heard()).name, 'SyncFolderCreate')
    const ids: string[] = []
    for (const name of ['one', 'two', 'three']) {
      ids.push((await laptop.post('/api/ciphers', laptop.loginItem(name))).json.id)
      assert.equal((await heard()).name, 'SyncCipherCreate')
    }
    const [one, two, three] = ids as [string, string, string]

    let last = new Date(0)
    const changes: [change: () => Promise<{ status: number }>, name: string, id?: string][] = [
      [() => laptop.put(`/api/ciphers/${one}`, laptop.loginItem('renamed')), 'SyncCipherUpdate', one],
      [() => laptop.put(`/api/ciphers/${one}`, laptop.loginItem('renamed again')), 'SyncCipherUpdate', one],
      [
        () => laptop.put(`/api/ciphers/${one}/partial`, { folderId: folder.id, favorite: true }),
        'SyncCipherUpdate',
        one,
      ],
      [() => laptop.put('/api/ciphers/move', { ids: [one], folderId: null }), 'SyncCiphers'],
      [() => laptop.put(`/api/ciphers/${one}/archive`), 'SyncCipherUpdate', one],
      [() => laptop.put(`/api/ciphers/${one}/unarchive`), 'SyncCipherUpdate', one],
      [() => laptop.put(`/api/ciphers/${one}/delete`), 'SyncCipherUpdate', one],
      [() => laptop.put(`/api/ciphers/${one}/restore`), 'SyncCipherUpdate', one],
      [() => laptop.put('/api/ciphers/move', { ids: [one, two], folderId: folder.id }), 'SyncCiphers'],
      [() => laptop.put('/api/ciphers/delete', { ids: [one, two] }), 'SyncCiphers'],
      [() => laptop.put('/api/ciphers/restore', { ids: [one, two] }), 'SyncCiphers'],
      [() => laptop.put('/api/ciphers/archive', { ids: [one, two] }), 'SyncCiphers'],
      [() => laptop.put('/api/ciphers/unarchive', { ids: [one, two] }), 'SyncCiphers'],
      [() => laptop.delete(`/api/ciphers/${three}`), 'SyncLoginDelete', three],
      [() => laptop.request('DELETE', '/api/ciphers', { ids: [one, two] }), 'SyncCiphers'],
      [() => laptop.put(`/api/folders/${folder.id}`, { name: laptop.encrypt('G') }), 'SyncFolderUpdate', folder.id],
      [() => laptop.delete(`/api/folders/${folder.id}`), 'SyncFolderDelete', folder.id],
      [() => laptop.put('/api/accounts/profile', { name: 'Alicia' }), 'SyncSettings'],
    ]
    for (const [change, name, id] of changes) {
      const { status } = await change()
      assert.equal(status, 200, name)
      const event = await heard()
      assert.equal(event.name, name, String(change))
      assert.equal(event.id, id)
      assert.ok(event.date >= last, `${name} went back in time`)
      last = event.date
    }
    assert.deepEqual(hub.unread, [])
  })

  test('a wrong, an expired and no token get 401 before any upgrade', async () => {
    const { device } = await account()
    const tampered = `${device.accessToken.slice(0, -4)}AAAA`
    for (const token of [undefined, 'nonsense', tampered, await expiredTokenOf(device)]) {
      for (const [query, headers] of [
        [`?access_token=${token}`, {}],
        ['', { Authorization: `Bearer ${token}` }],
      ] as const) {
        const url = `${server.webUrl.replace('http', 'ws')}/notifications/hub${token === undefined ? '' : query}`
        const socket = new WebSocket(url, { headers: token === undefined ? {} : headers })
        const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
        assert.equal(response.statusCode, 401)
        socket.on('error', () => {})
        socket.terminate()
      }
      if (token !== undefined) await assert.rejects(HubDevice.connect(server.webUrl, token))
    }
    await using hub = await HubDevice.connect(server.webUrl, device.accessToken)
    assert.equal(hub.connection.state, 'Connected')
  })

  /** As the server itself would have signed it, three hours ago. */
  const expiredTokenOf = async (device: TestDevice): Promise<string> => {
    const clock = { ...systemClock, now: () => Date.now() - 3 * 3_600_000 }
    const keyFile = path.join(server.dataFolder, 'rsa_key.pem')
    const tokens = await Tokens.load({ keyFile, origin: 'http://localhost', clock })
    const store = await openStore({ kind: 'sqlite', databaseFile: path.join(server.dataFolder, 'db.sqlite3'), clock })
    const user = await store.users.find(device.userId)
    const row = await store.devices.find(device.deviceId, device.userId)
    await store.close()
    return (await tokens.issueAccess(user!, row!, { clientId: 'web', scope: ['api', 'offline_access'] })).token
  }

  test('the hub speaks over TLS to the same devices', async () => {
    const { device } = await account()
    const authority = await readFile(server.certificateAuthorityFile, 'utf8')
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), authority])
    await using hub = await HubDevice.connect(server.secureUrl, device.accessToken)
    await device.post('/api/folders', { name: device.encrypt('F') })
    assert.equal((await hub.next()).Type, NotificationType.SyncFolderCreate)
  })
})
