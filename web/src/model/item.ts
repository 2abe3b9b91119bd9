import type { JsonObject } from '../api/json.ts'

/** How a URI is compared with that of a page; null in its place: as the user's settings say. */
export const URI_MATCH = { domain: 0, host: 1, startsWith: 2, exact: 3, regularExpression: 4, never: 5 } as const

export const FIELD_TYPE = { text: 0, hidden: 1, boolean: 2, linked: 3 } as const

export const CARD_MEMBERS = ['cardholderName', 'brand', 'number', 'expMonth', 'expYear', 'code'] as const
export const IDENTITY_MEMBERS = [
  ...(['title', 'firstName', 'middleName', 'lastName', 'address1', 'address2', 'address3', 'city', 'state'] as const),
  ...(['postalCode', 'country', 'company', 'email', 'phone', 'ssn', 'username'] as const),
  ...(['passportNumber', 'licenseNumber'] as const),
] as const
export const SSH_KEY_MEMBERS = ['privateKey', 'publicKey', 'keyFingerprint'] as const

/** Something that has members of newer clients, which go back to the server as they came. */
export interface Kept {
  readonly rest: JsonObject
}

type Texts<Name extends string> = Kept & { readonly [N in Name]: string | null }

export type Card = Texts<(typeof CARD_MEMBERS)[number]>
export type Identity = Texts<(typeof IDENTITY_MEMBERS)[number]>
export type SshKey = Texts<(typeof SSH_KEY_MEMBERS)[number]>

export interface LoginUri extends Kept {
  readonly uri: string | null
  /** Of `URI_MATCH`, or what a newer client has put there. */
  readonly match: number | null
}

export interface Login extends Kept {
  readonly username: string | null
  readonly password: string | null
  readonly passwordRevisionDate: string | null
  /** A Base32 secret, `otpauth://` or `steam://`. */
  readonly totp: string | null
  readonly uris: readonly LoginUri[]
  /** Still encrypted: this client does not use them, and loses none. */
  readonly passkeys: readonly JsonObject[]
}

export interface Field extends Kept {
  readonly name: string | null
  /** Of a boolean, `'true'` or `'false'`; of a linked field null. */
  readonly value: string | null
  /** Of `FIELD_TYPE`. */
  readonly type: number
  /** What a linked field shows: a number of the apps, 100 for a login's username. */
  readonly linkedId: number | null
}

export interface PastPassword extends Kept {
  readonly password: string | null
  readonly lastUsedDate: string | null
}

/** What an item is. Spec: vault §2.8 */
export type ItemPart =
  | { readonly type: 'login'; readonly login: Login }
  | { readonly type: 'secureNote'; readonly secureNote: Kept }
  | { readonly type: 'card'; readonly card: Card }
  | { readonly type: 'identity'; readonly identity: Identity }
  | { readonly type: 'sshKey'; readonly sshKey: SshKey }
  /** Of a newer client: its name can be read, and it cannot be written. */
  | { readonly type: 'unknown' }

export type ItemType = ItemPart['type']

/** A file of an item, still encrypted: `attachment.ts` reads it. */
export interface AttachmentOnWire {
  readonly id: string
  /** EncString. */
  readonly fileName: string
  /** EncString; null for those of before 2018, whose file is encrypted with the user key. */
  readonly key: string | null
  /** Bytes, encrypted, as text. */
  readonly size: string
}

/** Dates are ISO 8601 as the server says them. */
export interface ItemState {
  /** Null until the server has it. */
  readonly id: string | null
  readonly folderId: string | null
  readonly isFavorite: boolean
  /** Whether the master password is asked for before it is shown. */
  readonly asksPassword: boolean
  readonly creationDate: string | null
  readonly revisionDate: string | null
  /** When it went into the trash. */
  readonly deletedDate: string | null
  readonly archivedDate: string | null
}

/** An item, decrypted. */
export type Item = ItemState &
  ItemPart &
  Kept & {
    readonly name: string
    readonly notes: string | null
    readonly fields: readonly Field[]
    readonly passwordHistory: readonly PastPassword[]
    readonly attachments: readonly AttachmentOnWire[]
    /** The item's own key as an EncString: what `rest` and passkeys hold is encrypted with it, so it stays. */
    readonly key: string | null
    /** Where something stands that cannot be decrypted. Unless it is empty, the item cannot be written. */
    readonly damaged: readonly string[]
  }

/** An item that the server does not have yet. */
export function newItem(name: string, part: ItemPart): Item {
  return {
    ...{ id: null, folderId: null, isFavorite: false, asksPassword: false },
    ...{ creationDate: null, revisionDate: null, deletedDate: null, archivedDate: null },
    ...{ name, notes: null, fields: [], passwordHistory: [], attachments: [], key: null, damaged: [], rest: {} },
    ...part,
  }
}
