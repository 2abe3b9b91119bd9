import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { access, readdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { purgeSends } from '../../../src/vault/jobs/purge-sends.ts'
import { registerAndLogin } from '../../helpers/account.ts'
import { afterNext, startVault, type TestVault } from '../harness.ts'
import { fileSend, inDays, sendFile, textSend } from './send-requests.ts'

const DAY_MS = 86_400_000
const BYTES = Uint8Array.from([1, 2, 3])

async function* oneChunk() {
  yield BYTES
}

const purge = (vault: TestVault) => purgeSends(vault.context)(new AbortController().signal)

const idsOf = async ({ store }: TestVault, userId: string) => (await store.sends.ofUser(userId)).map(({ id }) => id)

const revisionDate = async ({ store }: TestVault, userId: string) => (await store.users.find(userId))!.updatedAt

/** Ids of the Sends that have files. */
async function withFiles({ context }: TestVault): Promise<string[]> {
  const names = await readdir(context.settings.sends.folder)
  return names.filter((name) => !name.startsWith('.'))
}

test('Sends past their deletion date go with their files, and their owner finds out at the next sync', async () => {
  await using vault = await startVault()
  const [alice, bob] = [await registerAndLogin({ fetch: vault.fetch }), await registerAndLogin({ fetch: vault.fetch })]
  const deletionDate = inDays(1)
  await alice.post('/api/sends', textSend({ deletionDate }))
  await sendFile(alice, BYTES, { deletionDate })
  const alices = await sendFile(alice, BYTES)
  const { json: bobs } = await bob.post('/api/sends', textSend())
  assert.equal(await purge(vault), undefined)

  vault.advance(DAY_MS + 60_000)
  vault.takeTold()
  const before = [await revisionDate(vault, alice.userId), await revisionDate(vault, bob.userId)]
  assert.deepEqual(await purge(vault), { deleted: 2 })
  assert.deepEqual(await idsOf(vault, alice.userId), [alices.id])
  assert.deepEqual(await idsOf(vault, bob.userId), [bobs.id])
  assert.deepEqual(await withFiles(vault), [alices.id])
  assert.ok((await revisionDate(vault, alice.userId)) > before[0]!)
  assert.deepEqual(await revisionDate(vault, bob.userId), before[1])
  assert.deepEqual(vault.takeTold(), [])
  assert.equal(await purge(vault), undefined)
})

test('a Send whose file has not come within a day goes, one whose file has come stays', async () => {
  await using vault = await startVault()
  const alice = await registerAndLogin({ fetch: vault.fetch })
  const whole = await sendFile(alice, BYTES)
  const { json: early } = await alice.post('/api/sends/file/v2', fileSend(3))
  vault.advance(3_600_000)
  const { json: late } = await alice.post('/api/sends/file/v2', fileSend(3))
  // As when the server ends between an upload and the row.
  const unborn = randomUUID()
  await vault.store.sends.awaitFile(unborn, new Date(0))
  await vault.context.files.sends.write({ owner: unborn, id: 'a'.repeat(64) }, oneChunk(), { maxBytes: 9 })
  vault.advance(23.5 * 3_600_000)

  assert.deepEqual(await purge(vault), { deleted: 1 })
  assert.deepEqual((await idsOf(vault, alice.userId)).sort(), [whole.id, late.sendResponse.id].sort())
  assert.deepEqual(await vault.store.sends.awaitingFile(new Date(vault.context.clock.now()), 9), [late.sendResponse.id])
  assert.equal(await vault.store.sends.isAwaitingFile(early.sendResponse.id), false)
  assert.deepEqual(await withFiles(vault), [whole.id])
})

test('more Sends than are asked for at once go in one run', async () => {
  await using vault = await startVault()
  const alice = await registerAndLogin({ fetch: vault.fetch })
  const { json } = await alice.post('/api/sends', textSend({ deletionDate: inDays(-1) }))
  const row = (await vault.store.sends.find(json.id))!
  await vault.store.transaction(async ({ sends }) => {
    for (let count = 1; count < 230; count++) await sends.insert({ ...row, id: randomUUID() })
  })
  assert.deepEqual(await purge(vault), { deleted: 230 })
  assert.deepEqual(await idsOf(vault, alice.userId), [])
})

test('a Send that its owner gives more time while it is looked for stays, with its file', async () => {
  await using vault = await startVault()
  const alice = await registerAndLogin({ fetch: vault.fetch })
  const send = await sendFile(alice, BYTES, { deletionDate: inDays(-1) })
  const change = afterNext(vault.store.sends, 'dueForDeletion', () => alice.put(`/api/sends/${send.id}`, fileSend(3)))
  assert.equal(await purge(vault), undefined)
  await change()
  assert.deepEqual(await idsOf(vault, alice.userId), [send.id])
  await access(path.join(vault.context.settings.sends.folder, send.id, send.file.id))
})

test('the job ends soon when it is told to', async () => {
  await using vault = await startVault()
  const alice = await registerAndLogin({ fetch: vault.fetch })
  for (let count = 0; count < 3; count++) await alice.post('/api/sends', textSend({ deletionDate: inDays(-1) }))
  const end = new AbortController()
  end.abort(new Error('enough'))
  await assert.rejects(purgeSends(vault.context)(end.signal), /enough/)
  assert.equal((await idsOf(vault, alice.userId)).length, 2)
})
