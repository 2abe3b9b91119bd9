import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decrypt, encrypt, symmetricKey } from '../../../src/vault/client/enc-string.ts'
import type { JsonObject } from '../../../web/src/api/json.ts'
import { DamagedError } from '../../../web/src/model/reader.ts'
import {
  decodeReceivedSend,
  decodeSend,
  encodeSend,
  newSend,
  type SendContent,
  type SendDraft,
} from '../../../web/src/model/send.ts'
import { readSendFragment, sendKeyOf, sendPasswordHash, sendUrl } from '../../../web/src/model/send-key.ts'
import { DATE, keyPair } from './wire-items.ts'

/** Spec: vault §4.3 */
const SECRET = Uint8Array.from({ length: 16 }, (_, index) => index)
const SEND_KEY =
  '063a955a1c01b4e1aacb7cd359c919b2cb61041c0c05c94c0eb76fb9a9e144b3fbeca074de1437a1a2330ad2833138abf3be2561a3a30ae1f33e15e1a2f7ca04'
const ACCESS_ID = 'ABEiM0RVZneImaq7zN3u_w'

const user = keyPair()
const TEXT: SendContent = { type: 'text', text: 'für dich', isHidden: true }
const FILE: SendContent = { type: 'file', fileName: 'a.pdf', fileId: null, size: 65 }

/** As the server answers what `encodeSend` has sent. */
const stored = (request: JsonObject, more: JsonObject = {}): JsonObject => ({
  ...request,
  ...{ id: 's', accessId: ACCESS_ID, accessCount: 2, revisionDate: DATE, object: 'send', ...more },
})

test('key, password and link are those of the apps', async () => {
  assert.equal(Buffer.from((await sendKeyOf(SECRET)).bytes).toString('hex'), SEND_KEY)
  assert.equal(await sendPasswordHash('hunter2', SECRET), 'hE1uCS3vlWo9J3PkHXIb8tlaHY9STZcMp2zSBSigNnk=')
  assert.equal(
    sendUrl('https://vault.example', ACCESS_ID, SECRET),
    `https://vault.example/#/send/${ACCESS_ID}/AAECAwQFBgcICQoLDA0ODw`,
  )
})

test('a link is read, and what is none is not', () => {
  const { hash } = new URL(sendUrl('https://vault.example', ACCESS_ID, SECRET))
  assert.deepEqual(readSendFragment(hash), { accessId: ACCESS_ID, secret: SECRET })
  for (const other of ['', '#/send', `#/send/${ACCESS_ID}`, '#/send/short/AAEC', `#/send/${ACCESS_ID}/A`, '#/login']) {
    assert.equal(readSendFragment(other), undefined)
  }
})

test('what is sent is encrypted as the apps do', async () => {
  const draft = { ...newSend('A Send', TEXT, new Date(DATE)), secret: SECRET, notes: 'mine', maxAccessCount: 3 }
  const request = await encodeSend(draft, user.web, { password: 'hunter2' })
  const key = symmetricKey(Buffer.from(SEND_KEY, 'hex'))
  const clear = (encString: unknown) => decrypt(String(encString), key).toString()
  assert.deepEqual(decrypt(String(request.key), user.node), Buffer.from(SECRET))
  const { text, ...rest } = request
  assert.deepEqual(
    { ...rest, key: '', name: clear(rest.name), notes: clear(rest.notes) },
    {
      ...{ type: 0, name: 'A Send', notes: 'mine', key: '', file: null, emails: null, maxAccessCount: 3 },
      ...{ password: 'hE1uCS3vlWo9J3PkHXIb8tlaHY9STZcMp2zSBSigNnk=', disabled: false, hideEmail: false },
      ...{ expirationDate: null, deletionDate: '2026-01-02T03:04:05.678Z' },
    },
  )
  const part = text as JsonObject
  assert.deepEqual([clear(part.text), part.hidden], ['für dich', true])
})

for (const content of [TEXT, FILE]) {
  test(`a Send of a ${content.type} comes back to its owner and to those who have its link`, async () => {
    const draft: SendDraft = newSend('A Send', content, new Date(DATE))
    const request = await encodeSend(draft, user.web)
    const file = content.type === 'file' && { ...(request.file as JsonObject), id: 'f', size: '65' }
    const wire = stored(request, { ...(file && { file }), password: 'x' })
    const back = content.type === 'file' ? { ...content, fileId: 'f' } : content
    assert.deepEqual(await decodeSend(wire, user.web), {
      ...draft,
      ...back,
      ...{ id: 's', accessId: ACCESS_ID, accessCount: 2, hasPassword: true, revisionDate: DATE, damaged: [] },
    })
    assert.equal(request.password, null)

    const access = { ...wire, key: undefined, creatorIdentifier: 'alice@example.com' }
    assert.deepEqual(await decodeReceivedSend(access, draft.secret!), {
      ...back,
      ...{ name: 'A Send', creator: 'alice@example.com', expirationDate: null, isDamaged: false },
    })
    assert.equal((await decodeReceivedSend(access, SECRET)).isDamaged, true)
  })
}

test('two Sends have two secrets', () => {
  assert.notDeepEqual(newSend('a', TEXT, new Date()).secret, newSend('a', TEXT, new Date()).secret)
})

test('a damaged Send is read as far as it goes, and never written', async () => {
  const request = await encodeSend(newSend('A Send', TEXT, new Date(DATE)), user.web)
  const withoutKey = await decodeSend(stored(request, { key: encrypt('x', keyPair().node) }), user.web)
  assert.deepEqual([withoutKey.damaged[0], withoutKey.secret, withoutKey.name], ['key', null, ''])
  await assert.rejects(encodeSend(withoutKey, user.web), DamagedError)

  const withoutNotes = await decodeSend(stored(request, { notes: 'clear' }), user.web)
  assert.deepEqual([withoutNotes.damaged, withoutNotes.name], [['notes'], 'A Send'])
  await assert.rejects(encodeSend(withoutNotes, user.web), DamagedError)
})
