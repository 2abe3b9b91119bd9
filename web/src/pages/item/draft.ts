/** What is being edited: an item whose texts are those of a form, never null. Plain objects, so that a page may follow them. */
import type { JsonObject } from '../../api/json.ts'
import {
  CARD_MEMBERS,
  FIELD_TYPE,
  IDENTITY_MEMBERS,
  type Item,
  type ItemPart,
  newItem,
  SSH_KEY_MEMBERS,
} from '../../model/item.ts'
import { fullYear } from './card.ts'
import { linkedMembersOf } from './linked.ts'
import type { EditableType } from './types.ts'

export interface UriDraft {
  /** Tells it from the others while it is edited. */
  readonly key: number
  uri: string
  match: number | null
  readonly rest: JsonObject
}

export interface FieldDraft {
  /** As of a URI. */
  readonly key: number
  name: string
  value: string
  type: number
  linkedId: number | null
  readonly rest: JsonObject
}

export interface LoginDraft {
  username: string
  password: string
  totp: string
  uris: UriDraft[]
  /** Those of its passkeys that stay. */
  passkeys: readonly JsonObject[]
}

export type CardDraft = Record<(typeof CARD_MEMBERS)[number], string>
export type IdentityDraft = Record<(typeof IDENTITY_MEMBERS)[number], string>
export type SshKeyDraft = Record<(typeof SSH_KEY_MEMBERS)[number], string>

export type PartDraft =
  | { type: 'login'; login: LoginDraft }
  | { type: 'secureNote' }
  | { type: 'card'; card: CardDraft }
  | { type: 'identity'; identity: IdentityDraft }
  | { type: 'sshKey'; sshKey: SshKeyDraft }

export type Draft = PartDraft & {
  name: string
  notes: string
  folderId: string | null
  isFavorite: boolean
  asksPassword: boolean
  fields: FieldDraft[]
}

/** An item of a type with nothing in it. */
export function emptyItem(type: EditableType): Item {
  return newItem('', emptyPart(type))
}

function emptyPart(type: EditableType): ItemPart {
  switch (type) {
    case 'login': {
      const texts = { username: null, password: null, passwordRevisionDate: null, totp: null }
      return { type, login: { ...texts, uris: [], passkeys: [], rest: {} } }
    }
    case 'secureNote':
      return { type, secureNote: { rest: {} } }
    case 'card':
      return { type, card: { ...nothing(CARD_MEMBERS), rest: {} } }
    case 'identity':
      return { type, identity: { ...nothing(IDENTITY_MEMBERS), rest: {} } }
    case 'sshKey':
      return { type, sshKey: { ...nothing(SSH_KEY_MEMBERS), rest: {} } }
  }
}

/**
 * A new item that says the same. Left behind: its files, which the server has under the other's key, its passkeys, of
 * which there must be one, its history, and that it is archived.
 */
export function cloneOf(item: Item, name: string): Item {
  const state = { id: null, creationDate: null, revisionDate: null, deletedDate: null, archivedDate: null }
  // Its own key stays: what a newer client has put into `rest` is encrypted with it.
  const clone: Item = { ...item, ...state, name, attachments: [], passwordHistory: [] }
  return clone.type === 'login' ? { ...clone, login: { ...clone.login, passkeys: [] } } : clone
}

/** Of a field of a newer client's type nobody knows: it keeps what it has. */
const UNLINKED: readonly number[] = [FIELD_TYPE.text, FIELD_TYPE.hidden, FIELD_TYPE.boolean]

/** What a form begins with. `undefined` for a type that there is no form for. */
export function draftOf(item: Item): Draft | undefined {
  const part = partDraftOf(item)
  if (!part) return undefined
  return {
    ...part,
    ...{ name: item.name, notes: item.notes ?? '', folderId: item.folderId },
    ...{ isFavorite: item.isFavorite, asksPassword: item.asksPassword },
    fields: item.fields.map(({ name, value, ...field }, key) => ({
      ...{ ...field, key },
      ...{ name: name ?? '', value: value ?? '' },
    })),
  }
}

function partDraftOf(item: Item): PartDraft | undefined {
  switch (item.type) {
    case 'login': {
      const { username, password, totp, uris, passkeys } = item.login
      const texts = { username: username ?? '', password: password ?? '', totp: totp ?? '' }
      return {
        type: 'login',
        login: { ...texts, uris: uris.map(({ uri, ...rest }, key) => ({ ...rest, key, uri: uri ?? '' })), passkeys },
      }
    }
    case 'secureNote':
      return { type: 'secureNote' }
    case 'card':
      return { type: 'card', card: textsOf(CARD_MEMBERS, item.card) }
    case 'identity':
      return { type: 'identity', identity: textsOf(IDENTITY_MEMBERS, item.identity) }
    case 'sshKey':
      return { type: 'sshKey', sshKey: textsOf(SSH_KEY_MEMBERS, item.sshKey) }
    case 'unknown':
      return undefined
  }
}

/** The item as the form says it: what no form shows is as it was in `before`, which must be of the same type. */
export function itemOf(draft: Draft, before: Item): Item {
  return {
    ...before,
    ...partOf(draft, before),
    ...{ name: draft.name, notes: orNull(draft.notes), folderId: draft.folderId },
    ...{ isFavorite: draft.isFavorite, asksPassword: draft.asksPassword },
    fields: draft.fields.map(({ name, value, type, linkedId, rest }) => {
      const isLinked = type === FIELD_TYPE.linked
      return {
        ...{ name: orNull(name), value: isLinked ? null : orNull(value), type },
        ...{ linkedId: UNLINKED.includes(type) ? null : linkedId, rest: { ...rest } },
      }
    }),
  }
}

function partOf(draft: Draft, before: Item): ItemPart {
  switch (draft.type) {
    case 'login': {
      if (before.type !== 'login') break
      const { username, password, totp, uris, passkeys } = draft.login
      const texts = { username: orNull(username), password: orNull(password), totp: orNull(totp) }
      const kept = uris
        .filter(({ uri }) => uri.trim() !== '')
        .map(({ uri, match, rest }) => ({ uri: uri.trim(), match, rest: { ...rest } }))
      return { type: 'login', login: { ...before.login, ...texts, uris: kept, passkeys: [...passkeys] } }
    }
    case 'secureNote':
      if (before.type === 'secureNote') return { type: 'secureNote', secureNote: before.secureNote }
      break
    case 'card': {
      if (before.type !== 'card') break
      const card = { ...draft.card, expYear: fullYear(draft.card.expYear) }
      return { type: 'card', card: { ...before.card, ...orNulls(CARD_MEMBERS, card) } }
    }
    case 'identity':
      if (before.type !== 'identity') break
      return { type: 'identity', identity: { ...before.identity, ...orNulls(IDENTITY_MEMBERS, draft.identity) } }
    case 'sshKey':
      if (before.type !== 'sshKey') break
      return { type: 'sshKey', sshKey: { ...before.sshKey, ...orNulls(SSH_KEY_MEMBERS, draft.sshKey) } }
  }
  throw new TypeError(`An item of type ${before.type} was not edited as one of type ${draft.type}`)
}

/** Whether the form says anything else than the item does. */
export function isChanged(draft: Draft, before: Item): boolean {
  const original = draftOf(before)
  return original === undefined || said(draft) !== said(original)
}

/** Whether storing the form in place of `before` would make what is stored now: by a save whose answer was lost, say. */
export function isStored(draft: Draft, before: Item, current: Item): boolean {
  if (draft.type !== before.type || current.deletedDate !== before.deletedDate) return false
  const stored = draftOf(itemOf(draft, before))
  return stored !== undefined && !isChanged(stored, current)
}

const said = (draft: Draft): string => JSON.stringify(draft, (name, value) => (name === 'key' ? undefined : value))

/**
 * What was edited in `before` is to be stored over `current`, which another device has stored since: the form wins, but
 * passkeys, which no form adds, are those of now without those that were removed here.
 */
export function rebase(draft: Draft, before: Item, current: Item): void {
  if (draft.type !== 'login' || before.type !== 'login' || current.type !== 'login') return
  const kept = new Set(draft.login.passkeys.map((passkey) => JSON.stringify(passkey)))
  const removed = new Set(
    before.login.passkeys.map((passkey) => JSON.stringify(passkey)).filter((one) => !kept.has(one)),
  )
  draft.login.passkeys = current.login.passkeys.filter((passkey) => !removed.has(JSON.stringify(passkey)))
}

/** What keeps a draft from being saved. */
export type DraftProblem = 'name' | 'privateKey'

export function problemsOf(draft: Draft): DraftProblem[] {
  const problems: DraftProblem[] = []
  if (draft.name.trim() === '') problems.push('name')
  if (draft.type === 'sshKey' && draft.sshKey.privateKey === '') problems.push('privateKey')
  return problems
}

/** Adds a field at the end. */
export function addField(draft: Draft, type: number): FieldDraft {
  const [linkedId = null] = type === FIELD_TYPE.linked ? linkedMembersOf(draft.type).map(([id]) => id) : []
  const value = type === FIELD_TYPE.boolean ? 'false' : ''
  draft.fields.push({ key: nextKey(draft.fields), name: '', value, type, linkedId, rest: {} })
  return draft.fields.at(-1)!
}

/** Adds a URI at the end, compared as the user's settings say. */
export function addUri(login: LoginDraft): UriDraft {
  login.uris.push({ key: nextKey(login.uris), uri: '', match: null, rest: {} })
  return login.uris.at(-1)!
}

/** Puts the one at `from` to where the one at `to` is; the others make room. */
export function move<T>(list: T[], from: number, to: number): void {
  const [moved] = list.splice(from, 1)
  if (moved !== undefined) list.splice(to, 0, moved)
}

const nextKey = (list: readonly { readonly key: number }[]): number => Math.max(-1, ...list.map(({ key }) => key)) + 1

const orNull = (text: string): string | null => (text === '' ? null : text)

const nothing = <Name extends string>(names: readonly Name[]) => mapNames(names, () => null)

const textsOf = <Name extends string>(names: readonly Name[], part: Readonly<Record<Name, string | null>>) =>
  mapNames(names, (name) => part[name] ?? '')

const orNulls = <Name extends string>(names: readonly Name[], part: Readonly<Record<Name, string>>) =>
  mapNames(names, (name) => orNull(part[name]))

function mapNames<Name extends string, T>(names: readonly Name[], value: (name: Name) => T): Record<Name, T> {
  // `fromEntries` knows no names.
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, T>
}
