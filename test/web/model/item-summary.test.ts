import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encrypt } from '../../../src/vault/client/enc-string.ts'
import type { JsonObject } from '../../../web/src/api/json.ts'
import { summaryOf } from '../../../web/src/model/item-summary.ts'
import { keyPair, wireItem, wireLogin, wireLoginWithOwnKey } from './wire-items.ts'

const user = keyPair()
const e = (text: string) => encrypt(text, user.node)
const card = (number: string | null, brand: string | null = 'Visa') => ({
  type: 3,
  card: { brand: brand && e(brand), number: number && e(number) },
})

const SUBTITLES: [JsonObject, string][] = [
  [card('4111 1111 1111 1234'), 'Visa, *1234'],
  [card('3711 111111 12345', 'Amex'), 'Amex, *12345'],
  [card(null), 'Visa'],
  [card('123', null), ''],
  [{ type: 2, secureNote: { type: 0 } }, ''],
  [{ type: 4, identity: { firstName: e('Alice'), lastName: e('Example') } }, 'Alice Example'],
  [{ type: 4, identity: { firstName: null, lastName: e('Example') } }, 'Example'],
  [{ type: 5, sshKey: { privateKey: e('x'), publicKey: e('y'), keyFingerprint: e('SHA256:abc') } }, 'SHA256:abc'],
  [{ type: 7, driversLicense: {} }, ''],
]

for (const [more, subtitle] of SUBTITLES) {
  test(`the subtitle of an item of type ${more.type} is '${subtitle}'`, async () => {
    const summary = await summaryOf(wireItem(user, more), user.web)
    assert.deepEqual([summary.name, summary.subtitle, summary.isDamaged], ['A name', subtitle, false])
  })
}

test('a login is known by its username, also with a key of its own', async () => {
  for (const wire of [wireLogin(user), wireLoginWithOwnKey(user).wire]) {
    const { name, subtitle, type, isFavorite, isDamaged } = await summaryOf(wire, user.web)
    assert.deepEqual([name, subtitle, type, isFavorite, isDamaged], ['A name', 'alice', 'login', true, false])
  }
})

test('what cannot be read is in the list and says so', async () => {
  const { id, name, isDamaged } = await summaryOf(wireLoginWithOwnKey(keyPair()).wire, user.web)
  assert.deepEqual([id, name, isDamaged], ['11111111-2222-3333-4444-555555555555', '', true])
})

test('whether there are files is known without reading them', async () => {
  const hasAttachments = async (attachments: unknown) =>
    (await summaryOf(wireItem(user, { type: 2, secureNote: { type: 0 }, attachments }), user.web)).hasAttachments
  assert.equal(await hasAttachments(null), false)
  assert.equal(await hasAttachments([]), false)
  assert.equal(await hasAttachments([{ id: 'a', fileName: 'not encrypted', key: null, size: '1' }]), true)
})
