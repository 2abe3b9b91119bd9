/** Items as another client has stored them, encrypted by Node's cryptography. */
import { createHash } from 'node:crypto'
import { encrypt, symmetricKey } from '../../../src/vault/client/enc-string.ts'
import type { JsonObject } from '../../../web/src/api/json.ts'
import { randomBytes } from '../../../web/src/crypto/bytes.ts'
import { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'

/** One key, in both forms. */
export function keyPair() {
  const bytes = randomBytes(64)
  return { bytes, web: new SymmetricKey(bytes), node: symmetricKey(Buffer.from(bytes)) }
}
export type KeyPair = ReturnType<typeof keyPair>

export const DATE = '2026-01-02T03:04:05.678900Z'

export function wireItem(key: KeyPair, more: JsonObject): JsonObject {
  return {
    ...{
      object: 'cipherDetails',
      id: '11111111-2222-3333-4444-555555555555',
      type: 1,
      organizationId: null,
      key: null,
    },
    ...{
      creationDate: DATE,
      revisionDate: DATE,
      deletedDate: null,
      archivedDate: null,
      reprompt: 0,
      attachments: null,
    },
    ...{ organizationUseTotp: true, collectionIds: [], fields: [], passwordHistory: [], notes: null },
    ...{ login: null, secureNote: null, card: null, identity: null, sshKey: null, bankAccount: null },
    ...{
      folderId: null,
      favorite: false,
      edit: true,
      viewPassword: true,
      permissions: { delete: true, restore: true },
    },
    name: encrypt('A name', key.node),
    ...more,
  }
}

/** With something in every place, and members that only a newer client knows. */
export function wireLogin(key: KeyPair, more: JsonObject = {}): JsonObject {
  const e = (text: string) => encrypt(text, key.node)
  const uri = 'https://bank.example/login'
  const checksum = createHash('sha256').update(uri).digest('base64')
  return wireItem(key, {
    ...{ notes: e('line 1\nline 2'), favorite: true, reprompt: 1, folderId: 'folder', newMember: { of: 'tomorrow' } },
    ...{ deletedDate: DATE, archivedDate: DATE },
    fields: [
      { type: 0, name: e('colour'), value: e('blue'), linkedId: null },
      { type: 3, name: e('linked'), value: null, linkedId: 100, shade: 'dark' },
    ],
    passwordHistory: [{ password: e('older'), lastUsedDate: DATE, by: 'rotation' }],
    attachments: [{ id: 'a1', url: 'https://x', fileName: e('a.txt'), size: '65', sizeName: '65 B', key: e('k') }],
    login: {
      ...{ uri: e(uri), username: e('alice'), password: e('secret'), passwordRevisionDate: DATE },
      ...{ totp: e('JBSWY3DPEHPK3PXP'), autofillOnPageLoad: true, response: null },
      uris: [
        { uri: e(uri), uriChecksum: e(checksum), match: 3, response: null, hint: 'new' },
        { uri: e(uri), uriChecksum: e(checksum), match: null },
      ],
      fido2Credentials: [{ credentialId: e('credential'), creationDate: DATE, counter: e('0') }],
    },
    ...more,
  })
}

/** `wireLogin` with a key of its own. */
export function wireLoginWithOwnKey(userKey: KeyPair): { readonly wire: JsonObject; readonly own: KeyPair } {
  const own = keyPair()
  return { own, wire: wireLogin(own, { key: encrypt(Buffer.from(own.bytes), userKey.node) }) }
}
