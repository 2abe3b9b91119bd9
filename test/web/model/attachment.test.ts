import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decrypt, encrypt, symmetricKey } from '../../../src/vault/client/enc-string.ts'
import { randomBytes } from '../../../web/src/crypto/bytes.ts'
import { DecryptionError } from '../../../web/src/crypto/symmetric-key.ts'
import { decodeAttachment, decryptAttachment, encryptAttachment } from '../../../web/src/model/attachment.ts'
import { keyPair } from './wire-items.ts'

const user = keyPair()
const own = keyPair()
const content = randomBytes(5000)

const OWNERS = {
  'without a key': { item: { key: null }, key: user },
  'with a key of its own': { item: { key: encrypt(Buffer.from(own.bytes), user.node) }, key: own },
}

for (const [what, { item, key }] of Object.entries(OWNERS)) {
  test(`a file of an item ${what} is written and read`, async () => {
    const { request, file } = await encryptAttachment({ fileName: 'Bild 1.jpg', content }, item, user.web)
    assert.equal(decrypt(request.fileName, key.node).toString(), 'Bild 1.jpg')
    assert.doesNotThrow(() => symmetricKey(decrypt(request.key, key.node)))
    assert.equal(request.fileSize, file.length)

    const wire = { id: 'a', ...request, size: String(request.fileSize) }
    assert.deepEqual(await decodeAttachment(wire, item, user.web), {
      ...{ id: 'a', fileName: 'Bild 1.jpg', size: file.length, isDamaged: false },
    })
    assert.deepEqual(await decryptAttachment({ wire, file }, item, user.web), content)
    await assert.rejects(decryptAttachment({ wire, file: file.slice(0, -16) }, item, user.web), DecryptionError)
  })
}

test('a file of before 2018 is read with the user key', async () => {
  const wire = { id: 'a', fileName: encrypt('old', user.node), key: null, size: '65' }
  const file = await user.web.encryptFile(content)
  assert.deepEqual(await decryptAttachment({ wire, file }, { key: null }, user.web), content)
})

test('a file whose name is of another key is damaged, not an error', async () => {
  const wire = { id: 'a', fileName: encrypt('x', own.node), key: null, size: '65' }
  const { id, fileName, isDamaged } = await decodeAttachment(wire, { key: null }, user.web)
  assert.deepEqual([id, fileName, isDamaged], ['a', '', true])
})
