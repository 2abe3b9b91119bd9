import type { SymmetricKey } from '../../crypto/symmetric-key.ts'
import {
  CARD_MEMBERS,
  FIELD_TYPE,
  type Field,
  IDENTITY_MEMBERS,
  type Item,
  type ItemPart,
  type ItemType,
  type Login,
  newItem,
  type PastPassword,
  SSH_KEY_MEMBERS,
} from '../../model/item.ts'
import { encryptPasskey, PASSKEY_TEXTS } from '../export/passkeys.ts'
import type { Members } from './members.ts'

type KnownType = Exclude<ItemType, 'unknown'>

const TYPES: readonly KnownType[] = ['login', 'secureNote', 'card', 'identity', 'sshKey']

/** What the new server says itself, and what stands in every export in the place of what there is not. */
const OF_THE_SERVER = [
  ...['object', 'id', 'organizationId', 'folderId', 'collectionIds', 'key', 'creationDate', 'revisionDate'],
  ...['deletedDate', 'edit', 'viewPassword', 'permissions', 'organizationUseTotp', 'localData', 'reprompt', 'favorite'],
]

export function typeOfMembers(members: Members): KnownType | undefined {
  return TYPES[(members.number('type') ?? 0) - 1]
}

/** An item of that type in a file that is not encrypted. Passkeys are encrypted with the user's key. */
export async function readItem(members: Members, type: KnownType, userKey: SymmetricKey): Promise<Item> {
  const item: Item = {
    ...newItem(nameOrDashes(members.text('name')), await readPart(members, type, userKey)),
    notes: members.text('notes'),
    isFavorite: members.flag('favorite'),
    asksPassword: members.flag('reprompt'),
    archivedDate: members.text('archivedDate'),
    fields: members.parts('fields').map(readField),
    passwordHistory: members.parts('passwordHistory').map(readPast),
  }
  members.skip(...OF_THE_SERVER)
  members.end()
  return item
}

/** The apps' name for what has none. */
export function nameOrDashes(name: string | null): string {
  return name === null || name.trim() === '' ? '--' : name
}

async function readPart(members: Members, type: KnownType, userKey: SymmetricKey): Promise<ItemPart> {
  const part = members.part(type)
  try {
    switch (type) {
      case 'login':
        return { type, login: await readLogin(part, userKey) }
      case 'secureNote':
        part.skip('type')
        return { type, secureNote: { rest: { type: 0 } } }
      case 'card':
        return { type, card: { ...textsOf(part, CARD_MEMBERS), rest: {} } }
      case 'identity':
        return { type, identity: { ...textsOf(part, IDENTITY_MEMBERS), rest: {} } }
      case 'sshKey':
        return { type, sshKey: { ...textsOf(part, SSH_KEY_MEMBERS), rest: {} } }
    }
  } finally {
    part.end()
  }
}

async function readLogin(part: Members, userKey: SymmetricKey): Promise<Login> {
  const uris = part.parts('uris').map((uri) => {
    const read = { uri: uri.text('uri'), match: uri.number('match'), rest: {} }
    uri.skip('uriChecksum')
    uri.end()
    return read
  })
  const passkeys = part.parts('fido2Credentials').map((passkey) => {
    const texts = textsOf(passkey, PASSKEY_TEXTS)
    const encrypted = encryptPasskey(texts, passkey.text('creationDate'), userKey)
    passkey.end()
    return encrypted
  })
  const texts = textsOf(part, ['username', 'password', 'totp', 'passwordRevisionDate'])
  // A copy of the first of them.
  if (uris.length > 0) part.skip('uri')
  const uri = part.text('uri')
  return {
    ...texts,
    uris: uri === null ? uris : [{ uri, match: null, rest: {} }],
    passkeys: await Promise.all(passkeys),
    rest: {},
  }
}

function readField(field: Members): Field {
  const { name, value } = textsOf(field, ['name', 'value'])
  const read = {
    name,
    value,
    type: field.number('type') ?? FIELD_TYPE.hidden,
    linkedId: field.number('linkedId'),
    rest: {},
  }
  field.end()
  return read
}

function readPast(past: Members): PastPassword {
  const read = { ...textsOf(past, ['password', 'lastUsedDate']), rest: {} }
  past.end()
  return read
}

function textsOf<Name extends string>(members: Members, names: readonly Name[]) {
  // `fromEntries` knows no names.
  return Object.fromEntries(names.map((name) => [name, members.text(name)])) as Record<Name, string | null>
}
