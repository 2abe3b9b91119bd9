/** A Send as whoever has its link reads it, against a whole server. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Api } from '../../../web/src/api/client.ts'
import { SendRefused } from '../../../web/src/api/errors.ts'
import { announceFileSend, createSend, getSend, uploadSendFile } from '../../../web/src/api/sends.ts'
import { randomBytes } from '../../../web/src/crypto/bytes.ts'
import { encodeSend, newSend } from '../../../web/src/model/send.ts'
import { sendKeyOf } from '../../../web/src/model/send-key.ts'
import { ReceivedLink } from '../../../web/src/pages/sends/receive.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { newDevice, registerAndLogIn, type SignedIn } from '../api/signed-in.ts'

let server: TestServer
let alice: SignedIn

before(async () => {
  server = await startTestServer({ vault: {} })
  alice = await registerAndLogIn({ base: server.webUrl })
})
after(() => server?.close())

const tomorrow = () => new Date(Date.now() + 86_400_000)
const refused = (why: string) => (error: unknown) => error instanceof SendRefused && error.why === why

/** Somebody without an account, whose clock is told. */
function stranger(clock: { nowMs: number } = { nowMs: Date.now() }): Api {
  return new Api({ base: server.webUrl, device: newDevice(), now: () => clock.nowMs })
}

const accessesOf = async (id: string) => (await getSend(alice.api, id)).accessCount

test('a text opens with its password, and each opening counts', async () => {
  const draft = {
    ...newSend('Name', { type: 'text', text: 'für dich', isHidden: true }, tomorrow()),
    maxAccessCount: 2,
  }
  const wire = await createSend(alice.api, await encodeSend(draft, alice.userKey, { password: 'open' }))
  const link = new ReceivedLink(stranger(), { accessId: String(wire.accessId), secret: draft.secret! })
  await assert.rejects(link.open(), refused('password-required'))
  await assert.rejects(link.open('wrong'), refused('password-wrong'))
  assert.equal(await accessesOf(String(wire.id)), 0)
  for (const count of [1, 2]) {
    const send = await link.open('open')
    assert.ok(send.type === 'text')
    assert.deepEqual([send.name, send.text, send.isHidden, send.creator], ['Name', 'für dich', true, alice.email])
    assert.equal(await accessesOf(String(wire.id)), count)
  }
  await assert.rejects(link.open('open'), refused('gone'))
})

test('a file comes with the access that opened its Send, and minutes later with another one', async () => {
  const content = randomBytes(60_000)
  const draft = newSend('File', { type: 'file', fileName: 'a.bin', fileId: null, size: 0 }, tomorrow())
  const bytes = await (await sendKeyOf(draft.secret!)).encryptFile(content)
  const body = await encodeSend(
    { ...draft, ...{ type: 'file', fileName: 'a.bin', fileId: null, size: bytes.length } },
    alice.userKey,
  )
  const { fileId, send: wire } = await announceFileSend(alice.api, body)
  const id = String(wire.id)
  await uploadSendFile(alice.api, { sendId: id, fileId }, { bytes, name: 'x' })

  const clock = { nowMs: Date.now() }
  const link = new ReceivedLink(stranger(clock), { accessId: String(wire.accessId), secret: draft.secret! })
  const send = await link.open()
  assert.ok(send.type === 'file' && send.fileId === fileId)
  assert.equal(send.fileName, 'a.bin')
  const progress: number[] = []
  assert.deepEqual(await link.download(fileId, (done) => progress.push(done)), content)
  assert.deepEqual([progress.at(-1), await accessesOf(id)], [bytes.length, 1])

  clock.nowMs += 111_000
  assert.deepEqual(await link.download(fileId, () => {}), content)
  assert.equal(await accessesOf(id), 2)
})
