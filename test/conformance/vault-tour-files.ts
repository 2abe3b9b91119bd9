import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Json } from '../helpers/account.ts'
import type { TestServer } from '../helpers/server.ts'
import { BitwardenCli, type ServedCli } from './devices.ts'
import { arrive, type Traveller } from './vault-tour.ts'

/** Attachments, and Sends for somebody who has an account here and for somebody who has none. */
export function tourOfFiles(server: () => TestServer): void {
  let dave: Traveller
  let cli: ServedCli
  let nobody: BitwardenCli
  before(async () => {
    dave = await arrive(server(), { email: 'dave@example.com' })
    cli = await dave.cli.serve()
    nobody = await BitwardenCli.install(server().certificateAuthorityFile)
    await nobody.run('config', 'server', server().secureUrl)
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
    await nobody?.[Symbol.asyncDispose]()
    await dave?.[Symbol.asyncDispose]()
  })

  const fileForm = (name: string, content: Uint8Array) => {
    const form = new FormData()
    form.append('file', new Blob([Uint8Array.from(content)]), name)
    return form
  }

  test('a file is attached to an item, fetched by another run of the CLI, and removed', async () => {
    const content = randomBytes(300_000)
    const { json: item } = await dave.phone.post('/api/ciphers', dave.phone.loginItem('With a file'))
    await cli.call('POST', '/sync?force=true')
    const withFile = await cli.call('POST', `/attachment?itemid=${item.id}`, fileForm('photo 1.jpg', content))
    const [attachment] = withFile.attachments
    assert.equal(attachment.fileName, 'photo 1.jpg')

    const fetched = dave.cli.file('fetched')
    await dave.cli.run('sync', '--force')
    await dave.cli.run('get', 'attachment', attachment.id, '--itemid', item.id, '--output', fetched)
    assert.deepEqual(await readFile(fetched), content)

    await cli.call('DELETE', `/object/attachment/${attachment.id}?itemid=${item.id}`)
    assert.equal((await dave.phone.get(`/api/ciphers/${item.id}`)).json.attachments, null)
  })

  const days = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString()
  const textSend = (text: string, fields: Json = {}): Json => ({
    object: 'send',
    name: 'A Send',
    notes: null,
    type: 0,
    text: { text, hidden: false },
    file: null,
    maxAccessCount: null,
    deletionDate: days(3),
    expirationDate: null,
    password: null,
    disabled: false,
    hideEmail: false,
    ...fields,
  })

  let send: Json

  test('a Send of text is read by somebody without an account, and by somebody with one', async () => {
    send = await cli.call('POST', '/object/send', textSend('for you'))
    assert.equal(await nobody.run('send', 'receive', send.accessUrl), 'for you')
    await using eve = await arrive(server(), { email: 'eve@example.com' })
    assert.equal(await eve.cli.run('send', 'receive', send.accessUrl), 'for you')
    assert.equal((await dave.phone.get(`/api/sends/${send.id}`)).json.accessCount, 2)
  })

  test('a Send that is changed says what it says now, and none at all once it is gone', async () => {
    await cli.call('PUT', `/object/send/${send.id}`, { ...send, text: { text: 'changed', hidden: false } })
    assert.equal(await nobody.run('send', 'receive', send.accessUrl), 'changed')
    assert.deepEqual(
      (await cli.call('GET', '/list/object/send')).map(({ id }: Json) => id),
      [send.id],
    )
    await cli.call('DELETE', `/object/send/${send.id}`)
    await assert.rejects(nobody.run('send', 'receive', send.accessUrl), /[Nn]ot found/)
  })

  test('a Send with a password and a limit is read with the one and as often as the other', async () => {
    const made = await cli.call('POST', '/object/send', textSend('secret', { password: 'open', maxAccessCount: 1 }))
    await assert.rejects(nobody.run('send', 'receive', made.accessUrl, '--password', 'wrong'))
    assert.equal(await nobody.run('send', 'receive', made.accessUrl, '--password', 'open'), 'secret')
    // Whoever was let in may read it once more for two minutes; others come too late.
    await using late = await BitwardenCli.install(server().certificateAuthorityFile)
    await late.run('config', 'server', server().secureUrl)
    await assert.rejects(late.run('send', 'receive', made.accessUrl, '--password', 'open'), /[Nn]ot found/)
  })

  test('a Send is read without its password once that is removed', async () => {
    const made = await cli.call('POST', '/object/send', textSend('secret', { password: 'open' }))
    await cli.call('POST', `/send/${made.id}/remove-password`)
    assert.equal(await nobody.run('send', 'receive', made.accessUrl), 'secret')
  })

  test('a Send of a file brings the file', async () => {
    const content = randomBytes(100_000)
    const original = dave.cli.file('original.bin')
    await writeFile(original, content)
    const made = await dave.cli.json('send', '--file', original, '--fullObject')
    const received = nobody.file('received.bin')
    await nobody.run('send', 'receive', made.accessUrl, '--output', received)
    assert.deepEqual(await readFile(received), content)
  })
}
