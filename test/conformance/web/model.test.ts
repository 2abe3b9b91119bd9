/** What the official CLI stores is read by the web vault's model, and the other way round. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { randomBytes } from '../../../web/src/crypto/bytes.ts'
import { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { decodeAttachment, decryptAttachment, encryptAttachment } from '../../../web/src/model/attachment.ts'
import { decodeFolder, encodeFolder } from '../../../web/src/model/folder.ts'
import {
  CARD_MEMBERS,
  IDENTITY_MEMBERS,
  type Item,
  type ItemPart,
  newItem,
  SSH_KEY_MEMBERS,
} from '../../../web/src/model/item.ts'
import { decodeItem, encodeItem } from '../../../web/src/model/item-codec.ts'
import { summaryOf } from '../../../web/src/model/item-summary.ts'
import { decodeSend, encodeSend, newSend } from '../../../web/src/model/send.ts'
import { sendUrl } from '../../../web/src/model/send-key.ts'
import type { Json } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import type { ServedCli } from '../devices.ts'
import { readByCli } from '../read-by-cli.ts'
import { arrive, type Traveller } from '../vault-tour.ts'

let server: TestServer
let alice: Traveller
let cli: ServedCli
let userKey: SymmetricKey

before(async () => {
  server = await startTestServer({ vault: {} })
  alice = await arrive(server, { email: 'alice@example.com' })
  cli = await alice.cli.serve()
  const { enc, mac } = alice.phone.userKey
  userKey = new SymmetricKey(Uint8Array.from(Buffer.concat([enc, mac])))
})

after(async () => {
  await cli?.[Symbol.asyncDispose]()
  await alice?.[Symbol.asyncDispose]()
  await server?.close()
})

async function ask(method: 'get' | 'post' | 'put', path: string, body?: unknown): Promise<Json> {
  const { status, json } = await alice.phone[method](path, body)
  assert.equal(status, 200, JSON.stringify(json))
  return json
}

const inCli = (id: string): Promise<Json> => readByCli(cli, alice.phone, id)

const readByModel = async (id: string): Promise<Item> => decodeItem(await ask('get', `/api/ciphers/${id}`), userKey)

const create = async (item: Item): Promise<string> =>
  (await ask('post', '/api/ciphers', await encodeItem(item, userKey, { userId: alice.phone.userId }))).id

const textsOf = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, `my ${name}`])) as Record<Name, string>

const URI = 'https://bank.example/login'
const FIELDS = [
  { name: 'colour', value: 'blue', type: 0, linkedId: null },
  { name: 'pin', value: '1234', type: 1, linkedId: null },
  { name: 'is mine', value: 'true', type: 2, linkedId: null },
  { name: 'linked', value: null, type: 3, linkedId: 100 },
]
const LOGIN = { username: 'alice', password: 'secret', totp: 'JBSWY3DPEHPK3PXP' }

/** One of every type: as the CLI has it, and as the model has it. */
const TYPES: [number, Json, ItemPart][] = [
  [
    1,
    { ...LOGIN, uris: [{ uri: URI, match: 3 }] },
    {
      type: 'login',
      login: {
        ...{ ...LOGIN, passwordRevisionDate: null, passkeys: [], rest: {} },
        uris: [{ uri: URI, match: 3, rest: {} }],
      },
    },
  ],
  [2, { type: 0 }, { type: 'secureNote', secureNote: { rest: { type: 0 } } }],
  [3, textsOf(CARD_MEMBERS), { type: 'card', card: { ...textsOf(CARD_MEMBERS), rest: {} } }],
  [4, textsOf(IDENTITY_MEMBERS), { type: 'identity', identity: { ...textsOf(IDENTITY_MEMBERS), rest: {} } }],
  [5, textsOf(SSH_KEY_MEMBERS), { type: 'sshKey', sshKey: { ...textsOf(SSH_KEY_MEMBERS), rest: {} } }],
]

const NO_PART = { login: null, secureNote: null, card: null, identity: null, sshKey: null }
const COMMON = { organizationId: null, collectionIds: null, folderId: null, name: 'Ünïcode 🔔', notes: 'one\ntwo' }

// The CLI creates no SSH keys.
for (const [number, plain, { type, ...part }] of TYPES.filter(([number]) => number !== 5)) {
  test(`the model reads what the CLI has made: ${type}`, async () => {
    const template = { ...COMMON, ...NO_PART, type: number, favorite: true, reprompt: 1, fields: FIELDS, [type]: plain }
    const { id } = await cli.call('POST', '/object/item', template)
    const item = await readByModel(id)
    assert.deepEqual([item.damaged, item.type, item.name, item.notes], [[], type, COMMON.name, COMMON.notes])
    assert.deepEqual([item.isFavorite, item.asksPassword], [true, true])
    assert.deepEqual(
      item.fields.map(({ rest: _, ...field }) => field),
      FIELDS,
    )
    const { rest: _, ...made } = (item as unknown as Json)[type]
    const { rest: __, ...expected } = (part as Json)[type]
    assert.deepEqual(made, expected)
  })
}

for (const hasOwnKey of [false, true]) {
  for (const [number, plain, part] of TYPES) {
    test(`the CLI reads what the model has made${hasOwnKey ? ' with its own key' : ''}: ${part.type}`, async () => {
      const item: Item = {
        ...newItem(COMMON.name, part),
        ...{ notes: COMMON.notes, isFavorite: true, fields: FIELDS.map((field) => ({ ...field, rest: {} })) },
        key: hasOwnKey ? await userKey.wrap(SymmetricKey.random()) : null,
      }
      const id = await create(item)
      const read = await inCli(id)
      assert.deepEqual([read.type, read.name, read.notes, read.favorite], [number, COMMON.name, COMMON.notes, true])
      assert.deepEqual(
        read.fields.map(({ name, value, type, linkedId }: Json) => ({
          name,
          value: value ?? null,
          type,
          linkedId: linkedId ?? null,
        })),
        FIELDS,
      )
      const shown = Object.fromEntries(Object.keys(plain).map((name) => [name, read[part.type][name]]))
      assert.deepEqual(shown, plain)
    })
  }
}

test('what the CLI has made and the model has changed, the CLI reads, with all that was there', async () => {
  const template = { ...COMMON, ...NO_PART, type: 1, favorite: false, reprompt: 0, fields: FIELDS }
  const made = await cli.call('POST', '/object/item', { ...template, login: { ...LOGIN, uris: [{ uri: URI }] } })
  // It knows its own item a moment later.
  await inCli(made.id)
  await cli.call('PUT', `/object/item/${made.id}`, { ...made, login: { ...made.login, password: 'second' } })
  const folder = await decodeFolder(await ask('post', '/api/folders', await encodeFolder('Work', userKey)), userKey)
  assert.equal(folder.name, 'Work')

  const item = await readByModel(made.id)
  assert.deepEqual(
    item.passwordHistory.map(({ password }) => password),
    ['secret'],
  )
  const changed = { ...item, name: 'Changed', folderId: folder.id }
  await ask('put', `/api/ciphers/${made.id}`, await encodeItem(changed, userKey))
  const read = await inCli(made.id)
  assert.deepEqual([read.name, read.folderId, read.login.password], ['Changed', folder.id, 'second'])
  assert.deepEqual([read.passwordHistory[0].password, read.login.uris[0].uri], ['secret', URI])
  assert.equal((await cli.call('GET', `/object/folder/${folder.id}`)).name, 'Work')
  const { name, subtitle } = await summaryOf(await ask('get', `/api/ciphers/${made.id}`), userKey)
  assert.deepEqual([name, subtitle], ['Changed', 'alice'])
})

for (const hasOwnKey of [false, true]) {
  test(`files of an item go both ways${hasOwnKey ? ' with its own key' : ''}`, async () => {
    const content = randomBytes(10_000)
    const key = hasOwnKey ? await userKey.wrap(SymmetricKey.random()) : null
    const id = await create({ ...newItem('With files', TYPES[1]![2]), key })

    const { request, file } = await encryptAttachment({ fileName: 'mine.bin', content }, { key }, userKey)
    const { attachmentId } = await ask('post', `/api/ciphers/${id}/attachment/v2`, request)
    const form = new FormData()
    form.append('data', new Blob([file]), 'file')
    await ask('post', `/api/ciphers/${id}/attachment/${attachmentId}`, form)
    await inCli(id)
    const fetched: Buffer = await cli.call('GET', `/object/attachment/${attachmentId}?itemid=${id}`)
    assert.deepEqual(new Uint8Array(fetched), content)

    const upload = new FormData()
    upload.append('file', new Blob([content]), 'theirs.bin')
    await cli.call('POST', `/attachment?itemid=${id}`, upload)
    const item = await readByModel(id)
    const decoded = await Promise.all(item.attachments.map((wire) => decodeAttachment(wire, item, userKey)))
    assert.deepEqual(decoded.map(({ fileName }) => fileName).sort(), ['mine.bin', 'theirs.bin'])
    const wire = item.attachments[decoded.findIndex(({ fileName }) => fileName === 'theirs.bin')]!
    const { url } = await ask('get', `/api/ciphers/${id}/attachment/${wire.id}`)
    const { pathname, search } = new URL(url)
    const stored = new Uint8Array(await (await fetch(server.webUrl + pathname + search)).arrayBuffer())
    assert.deepEqual(await decryptAttachment({ wire, file: stored }, item, userKey), content)
  })
}

const inThreeDays = () => new Date(Date.now() + 3 * 86_400_000)

test('the CLI receives a Send that the model has made, with its password alone', async () => {
  const draft = newSend('A Send', { type: 'text', text: 'für dich', isHidden: false }, inThreeDays())
  const made = await ask('post', '/api/sends', await encodeSend(draft, userKey, { password: 'open' }))
  const url = sendUrl(server.secureUrl, made.accessId, draft.secret!)
  await assert.rejects(alice.cli.run('send', 'receive', url, '--password', 'wrong'))
  assert.equal(await alice.cli.run('send', 'receive', url, '--password', 'open'), 'für dich')
})

test('the model reads a Send that the CLI has made, and changes it', async () => {
  const made = await cli.call('POST', '/object/send', {
    ...{ object: 'send', name: 'Theirs', notes: 'note', type: 0, text: { text: 'first', hidden: true }, file: null },
    ...{ maxAccessCount: 5, deletionDate: inThreeDays().toISOString(), expirationDate: null, password: null },
    ...{ disabled: false, hideEmail: true },
  })
  const send = await decodeSend(await ask('get', `/api/sends/${made.id}`), userKey)
  assert.ok(send.type === 'text')
  assert.deepEqual(
    [send.damaged, send.name, send.notes, send.text, send.isHidden, send.maxAccessCount, send.hidesEmail],
    [[], 'Theirs', 'note', 'first', true, 5, true],
  )
  assert.equal(sendUrl(server.secureUrl, send.accessId, send.secret!), made.accessUrl)
  await ask('put', `/api/sends/${made.id}`, await encodeSend({ ...send, text: 'second' }, userKey))
  assert.equal(await alice.cli.run('send', 'receive', made.accessUrl), 'second')
})
