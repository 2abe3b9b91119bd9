import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decrypt, encrypt } from '../../../src/vault/client/enc-string.ts'
import { decodeFolder, encodeFolder } from '../../../web/src/model/folder.ts'
import { DATE, keyPair } from './wire-items.ts'

const user = keyPair()
const wire = { id: 'f', revisionDate: DATE, object: 'folder' }

test('a folder is read and written', async () => {
  const folder = await decodeFolder({ ...wire, name: encrypt('Work/Träume', user.node) }, user.web)
  assert.deepEqual(folder, { id: 'f', name: 'Work/Träume', revisionDate: DATE, isDamaged: false })
  assert.equal(decrypt((await encodeFolder('Work', user.web)).name, user.node).toString(), 'Work')
})

test('a folder of another key is damaged, not an error', async () => {
  const folder = await decodeFolder({ ...wire, name: encrypt('x', keyPair().node) }, user.web)
  assert.deepEqual([folder.id, folder.name, folder.isDamaged], ['f', '', true])
})
