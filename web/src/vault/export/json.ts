/** Bitwarden's JSON, as its apps export it. */
import { type JsonObject, objectsOf } from '../../api/json.ts'
import type { SymmetricKey } from '../../crypto/symmetric-key.ts'
import { typeNumber } from '../../model/item-parts.ts'
import { type ClearItem, type ClearVault, exportable } from './source.ts'

/** What a server says of an item for its clients of the moment. */
const OF_THE_MOMENT = [
  ...['object', 'edit', 'viewPassword', 'permissions', 'organizationUseTotp', 'attachments', 'collectionIds', 'data'],
]

/** All in the clear. */
export function plainJson({ folders, items }: ClearVault): JsonObject {
  return {
    encrypted: false,
    folders: folders.map(({ id, name }) => ({ id, name })),
    items: items.map(plainItem),
  }
}

/** What only this account can import again, and only as long as its key is not changed: a sync, as it came. */
export async function accountJson(sync: JsonObject, userKey: SymmetricKey): Promise<JsonObject> {
  return {
    encrypted: true,
    encKeyValidation_DO_NOT_EDIT: await userKey.encrypt(crypto.randomUUID()),
    folders: objectsOf(sync.folders).map(({ id, name }) => ({ id, name })),
    items: exportable(sync).kept.map((wire) => {
      const members = Object.entries(wire).filter(
        ([name, value]) => !OF_THE_MOMENT.includes(name) && value !== undefined,
      )
      return { ...Object.fromEntries(members), collectionIds: null }
    }),
  }
}

function plainItem({ item, passkeys }: ClearItem): JsonObject {
  return {
    passwordHistory: item.passwordHistory.map(({ password, lastUsedDate }) => ({ lastUsedDate, password })),
    ...{ revisionDate: item.revisionDate, creationDate: item.creationDate, deletedDate: null },
    ...{ archivedDate: item.archivedDate, id: item.id, organizationId: null, folderId: item.folderId },
    ...{ type: typeNumber(item.type), reprompt: item.asksPassword ? 1 : 0, name: item.name, notes: item.notes },
    favorite: item.isFavorite,
    fields: item.fields.map(({ name, value, type, linkedId }) => ({ name, value, type, linkedId })),
    [item.type]: plainPart(item, passkeys),
    collectionIds: null,
  }
}

function plainPart(item: ClearItem['item'], passkeys: readonly JsonObject[]): JsonObject {
  switch (item.type) {
    case 'login': {
      const { username, password, totp, uris } = item.login
      const fido2Credentials = passkeys
      return { uris: uris.map(({ uri, match }) => ({ match, uri })), fido2Credentials, username, password, totp }
    }
    case 'secureNote':
      return { type: 0 }
    case 'card':
      return withoutRest(item.card)
    case 'identity':
      return withoutRest(item.identity)
    case 'sshKey':
      return withoutRest(item.sshKey)
  }
}

function withoutRest({ rest: _, ...texts }: { readonly rest: JsonObject } & object): JsonObject {
  return texts
}
