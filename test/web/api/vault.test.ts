/** Items, folders, attachments and Sends, with the real server. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { getRevisionDate } from '../../../web/src/api/account.ts'
import {
  announceAttachment,
  downloadAttachment,
  removeAttachment,
  uploadAttachment,
} from '../../../web/src/api/attachments.ts'
import { Refused, SendRefused } from '../../../web/src/api/errors.ts'
import { type JsonObject, objectsOf } from '../../../web/src/api/json.ts'
import {
  announceFileSend,
  createSend,
  deleteSend,
  downloadSendFile,
  getSend,
  openSend,
  putSend,
  removeSendPassword,
  requestSendToken,
  uploadSendFile,
} from '../../../web/src/api/sends.ts'
import {
  archiveItems,
  createFolder,
  createItem,
  deleteFolder,
  deleteItems,
  getFolder,
  getItem,
  getSync,
  importVault,
  moveItems,
  placeItem,
  purgeVault,
  putFolder,
  putItem,
  restoreItems,
  trashItems,
  unarchiveItems,
} from '../../../web/src/api/vault.ts'
import { sendPasswordHash } from '../../../web/src/model/send-key.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { registerAndLogIn, type SignedIn } from './signed-in.ts'

let server: TestServer
let user: SignedIn
before(async () => {
  server = await startTestServer({ vault: {} })
  user = await registerAndLogIn({ base: server.webUrl })
})
after(() => server.close())

async function note(name: string): Promise<JsonObject> {
  return { type: 2, name: await user.userKey.encrypt(name), notes: null, secureNote: { type: 0 }, reprompt: 0 }
}

const idOf = ({ id }: JsonObject) => String(id)
const itemsIn = async () => objectsOf((await getSync(user.api)).ciphers)

test('an item is created, changed, placed, thrown away, brought back, and deleted', async () => {
  const { api } = user
  const created = await createItem(api, await note('first'))
  const id = idOf(created)
  const name = await user.userKey.encrypt('second')
  const changed = await putItem(api, id, { ...(await note('x')), name, lastKnownRevisionDate: created.revisionDate })
  assert.equal(changed.name, name)
  assert.deepEqual(await getItem(api, id), changed)
  const lastKnownRevisionDate = new Date(0).toISOString()
  await assert.rejects(putItem(api, id, { ...(await note('x')), lastKnownRevisionDate }), Refused)

  const folderId = idOf(await createFolder(api, name))
  const placed = await placeItem(api, id, { folderId, favorite: true })
  assert.deepEqual([placed.folderId, placed.favorite], [folderId, true])
  await moveItems(api, [id], null)
  assert.equal((await getItem(api, id)).folderId, null)

  const [archived] = await archiveItems(api, [id])
  assert.ok(archived?.archivedDate)
  assert.equal((await unarchiveItems(api, [id]))[0]?.archivedDate, null)

  await trashItems(api, [id])
  assert.ok((await getItem(api, id)).deletedDate)
  assert.equal((await restoreItems(api, [id]))[0]?.deletedDate, null)
  const before = await getRevisionDate(api)
  await deleteItems(api, [id])
  assert.ok((await getRevisionDate(api)) > before)
  await assert.rejects(
    getItem(api, id),
    (error) => error instanceof Refused && error.message === "Cipher doesn't exist",
  )
})

test('a folder is created, renamed and deleted', async () => {
  const { api, userKey } = user
  const id = idOf(await createFolder(api, await userKey.encrypt('a')))
  const name = await userKey.encrypt('b')
  assert.equal((await putFolder(api, id, name)).name, name)
  assert.equal((await getFolder(api, id)).name, name)
  await deleteFolder(api, id)
  await assert.rejects(getFolder(api, id), Refused)
})

test('a vault is imported, items in their folders, and emptied', async () => {
  const { api, userKey, secret } = user
  await importVault(api, {
    ciphers: [await note('in a folder'), await note('in none')],
    folders: [{ name: await userKey.encrypt('a') }],
    folderRelationships: [{ key: 0, value: 0 }],
  })
  const places = (await itemsIn()).map(({ folderId }) => typeof folderId)
  assert.deepEqual(places.sort(), ['object', 'string'])
  await assert.rejects(purgeVault(api, { masterPasswordHash: 'wrong' }), Refused)
  await purgeVault(api, secret)
  assert.deepEqual(await itemsIn(), [])
})

test('a file of an item comes back as it went, and it is told how far it is', async () => {
  const { api, userKey } = user
  const itemId = idOf(await createItem(api, await note('with a file')))
  const bytes = new Uint8Array(randomBytes(3_000_000))
  const name = await userKey.encrypt('file.bin')
  const announced = { key: await userKey.encrypt('k'), fileName: name, fileSize: bytes.length }
  const { attachmentId, item } = await announceAttachment(api, itemId, announced)
  assert.equal(objectsOf(item.attachments)[0]?.id, attachmentId)
  const file = { itemId, attachmentId }
  await uploadAttachment(api, file, { bytes, name })
  const progress: number[] = []
  const received = await downloadAttachment(api, file, { onProgress: (done) => progress.push(done) })
  assert.deepEqual(received, bytes)
  assert.ok(progress.length > 1)
  assert.equal(progress.at(-1), bytes.length)
  assert.deepEqual(objectsOf((await removeAttachment(api, file)).attachments), [])
  await assert.rejects(downloadAttachment(api, file), Refused)
})

test('a file that is too small for what was announced is refused, and the announcement withdrawn', async () => {
  const { api, userKey } = user
  const itemId = idOf(await createItem(api, await note('with a file')))
  const announced = { key: await userKey.encrypt('k'), fileName: await userKey.encrypt('n'), fileSize: 5_000_000 }
  const { attachmentId } = await announceAttachment(api, itemId, announced)
  const file = { itemId, attachmentId }
  await assert.rejects(uploadAttachment(api, file, { bytes: new Uint8Array(10), name: 'x' }), Refused)
  await removeAttachment(api, file)
  await assert.rejects(removeAttachment(api, file), Refused)
})

const secret = new Uint8Array(randomBytes(16))
async function sendBody(fields: JsonObject): Promise<JsonObject> {
  const { userKey } = user
  return {
    name: await userKey.encrypt('a Send'),
    key: await userKey.encrypt(secret),
    notes: null,
    deletionDate: new Date(Date.now() + 86_400_000).toISOString(),
    expirationDate: null,
    maxAccessCount: null,
    disabled: false,
    hideEmail: false,
    ...fields,
  }
}

test('a Send of text is made, read by its link with its password, changed and deleted', async () => {
  const { api, userKey } = user
  const text = { text: await userKey.encrypt('hello'), hidden: false }
  const password = await sendPasswordHash('open', secret)
  const send = await createSend(api, await sendBody({ type: 0, text, password }))
  const id = idOf(send)
  const accessId = String(send.accessId)
  const refusal = (why: string) => (error: unknown) => error instanceof SendRefused && error.why === why
  await assert.rejects(requestSendToken(api, { accessId }), refusal('password-required'))
  const wrong = await sendPasswordHash('wrong', secret)
  await assert.rejects(requestSendToken(api, { accessId, passwordHash: wrong }), refusal('password-wrong'))
  const token = await requestSendToken(api, { accessId, passwordHash: password })
  assert.deepEqual((await openSend(api, token)).text, text)

  assert.equal((await removeSendPassword(api, id)).password, null)
  await requestSendToken(api, { accessId })
  const changed = await putSend(api, id, await sendBody({ type: 0, text, disabled: true }))
  assert.equal(changed.disabled, true)
  assert.deepEqual((await getSend(api, id)).id, id)
  await deleteSend(api, id)
  await assert.rejects(requestSendToken(api, { accessId }), refusal('gone'))
})

test('a Send of a file is announced, uploaded and fetched by its link', async () => {
  const { api, userKey } = user
  const bytes = new Uint8Array(randomBytes(200_000))
  const name = await userKey.encrypt('file.bin')
  const body = await sendBody({ type: 1, file: { fileName: name }, fileLength: bytes.length })
  const { fileId, send } = await announceFileSend(api, body)
  await uploadSendFile(api, { sendId: idOf(send), fileId }, { bytes, name })
  const token = await requestSendToken(api, { accessId: String(send.accessId) })
  assert.deepEqual(await downloadSendFile(api, { token, fileId }), bytes)
})
