/** Sends by the official CLI: made by one user, received by another, and by somebody without an account. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { NotificationType } from '../../src/notify/index.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { BitwardenCli, HubDevice } from './devices.ts'
import { arrive, type Traveller } from './vault-tour.ts'

describe('the official CLI and Sends', () => {
  let server: TestServer
  let folder: TemporaryFolder
  let alice: Traveller
  let bob: Traveller
  let nobody: BitwardenCli
  let hub: HubDevice

  before(async () => {
    server = await startTestServer()
    folder = await temporaryFolder()
    alice = await arrive(server, { email: 'alice@example.com' })
    bob = await arrive(server, { email: 'bob@example.com' })
    hub = await HubDevice.connect(server.webUrl, alice.phone.accessToken)
    nobody = await BitwardenCli.install(server.certificateAuthorityFile)
    await nobody.run('config', 'server', server.secureUrl)
  })
  after(async () => {
    await hub?.[Symbol.asyncDispose]()
    for (const user of [alice, bob, nobody]) await user?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
    await server.close()
  })

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')

  /** The next event is about that Send, with the date that it now has. */
  const assertEvent = async (type: number, id: string) => {
    const { Type, Payload } = await hub.next()
    assert.deepEqual([Type, Payload.Id, Payload.UserId], [type, id, alice.phone.userId])
    const { status, json } = await alice.phone.get(`/api/sends/${id}`)
    if (status === 200) assert.equal(Payload.RevisionDate.getTime(), Date.parse(json.revisionDate))
    return json
  }

  test('a text is sent, and received with and without an account', async () => {
    const send = await alice.cli.json('send', '--name', 'Greeting', '--fullObject', 'hello ☂ world')
    await assertEvent(NotificationType.SyncSendCreate, send.id)
    assert.ok(send.accessUrl.startsWith(`${server.secureUrl}/#/send/${send.accessId}/`))
    assert.equal(await nobody.run('send', 'receive', send.accessUrl), 'hello ☂ world')
    assert.equal((await assertEvent(NotificationType.SyncSendUpdate, send.id)).accessCount, 1)
    const received = await bob.cli.json('send', 'receive', '--obj', send.accessUrl)
    assert.deepEqual([received.name, received.text.text], ['Greeting', 'hello ☂ world'])
    assert.equal((await assertEvent(NotificationType.SyncSendUpdate, send.id)).accessCount, 2)

    await alice.cli.run('sync')
    const [listed] = await alice.cli.json('send', 'list')
    assert.deepEqual([listed.id, listed.name, listed.accessCount], [send.id, 'Greeting', 2])
  })

  test('a password is needed, can be changed with the rest, and removed', async () => {
    const send = await alice.cli.json('send', '--password', 'open sesame', '--fullObject', 'secret')
    await assertEvent(NotificationType.SyncSendCreate, send.id)
    assert.equal(send.passwordSet, true)
    await assert.rejects(nobody.run('receive', send.accessUrl), /Password required/)
    await assert.rejects(nobody.run('receive', '--password', 'wrong', send.accessUrl), /Invalid password/)
    assert.equal(await nobody.run('receive', '--password', 'open sesame', send.accessUrl), 'secret')
    await assertEvent(NotificationType.SyncSendUpdate, send.id)

    const edited = { ...send, name: 'Renamed', text: { text: 'edited', hidden: true } }
    await alice.cli.run('send', 'edit', '--itemid', send.id, encoded(edited))
    await assertEvent(NotificationType.SyncSendUpdate, send.id)
    assert.equal(await bob.cli.run('receive', '--password', 'open sesame', send.accessUrl), 'edited')
    await assertEvent(NotificationType.SyncSendUpdate, send.id)

    const open = await alice.cli.json('send', 'remove-password', send.id)
    assert.deepEqual([open.name, open.passwordSet], ['Renamed', false])
    await assertEvent(NotificationType.SyncSendUpdate, send.id)
  })

  test('a Send is received as often as it may be', async () => {
    const send = await alice.cli.json('send', 'create', encoded(await textOnce()))
    await assertEvent(NotificationType.SyncSendCreate, send.id)
    assert.equal(send.maxAccessCount, 1)
    assert.equal(await bob.cli.run('receive', send.accessUrl), 'once')
    await assertEvent(NotificationType.SyncSendUpdate, send.id)
    await assert.rejects(nobody.run('receive', send.accessUrl), /Not found/)
    assert.deepEqual(hub.unread, [])
  })

  const textOnce = async () => ({
    ...(await alice.cli.json('send', 'template', 'send.text')),
    text: { text: 'once', hidden: false },
    maxAccessCount: 1,
  })

  test('a file is sent, and received with and without an account', async () => {
    const file = folder.join('photo ☂.bin')
    const bytes = randomBytes(3_000_000)
    await writeFile(file, bytes)
    const send = await alice.cli.json('send', '--file', '--password', 'pictures', '--fullObject', file)
    await assertEvent(NotificationType.SyncSendCreate, send.id)
    assert.equal(send.file.fileName, path.basename(file))

    for (const [cli, name] of [
      [nobody, 'nobodys.bin'],
      [bob.cli, 'bobs.bin'],
    ] as const) {
      const output = folder.join(name)
      await cli.run('receive', '--password', 'pictures', '--output', output, send.accessUrl)
      assert.ok((await readFile(output)).equals(bytes))
      await assertEvent(NotificationType.SyncSendUpdate, send.id)
    }
    const stored = path.join(server.dataFolder, 'sends', send.id, send.file.id)
    assert.equal((await readFile(stored)).length, Number(send.file.size))

    await alice.cli.run('send', 'delete', send.id)
    assert.equal((await hub.next()).Type, NotificationType.SyncSendDelete)
    await assert.rejects(readFile(stored), { code: 'ENOENT' })
    await assert.rejects(nobody.run('receive', send.accessUrl), /Not found/)
  })
})
