import type { Attachment } from './attachments.ts'

export interface Cipher {
  readonly id: string
  readonly createdAt: Date
  updatedAt: Date
  /** The personal owner; null for an organization's item. */
  readonly userId: string | null
  readonly organizationId: string | null
  /** 1 login, 2 secure note, 3 card, 4 identity, 5 SSH key. */
  readonly type: number
  name: string
  notes: string | null
  /** JSON list, or null. */
  fields: string | null
  /** JSON object: the type's own part as the client sent it. */
  data: string
  /** JSON list, or null. */
  passwordHistory: string | null
  /** The item's own key as an EncString, or null. */
  key: string | null
  reprompt: number | null
  deletedAt: Date | null
}

/** A cipher as one user sees it: what is kept per user is joined in. */
export interface CipherView extends Cipher {
  folderId: string | null
  favorite: boolean
  archivedAt: Date | null
  attachments: readonly Attachment[]
}

export interface Ciphers {
  /** The user's own item, with what is kept per user. */
  findOwn(userId: string, id: string): Promise<CipherView | undefined>
  /** Those of `ids` that are the user's own, in no particular order; unknown ones are left out. */
  findManyOwn(userId: string, ids: readonly string[]): Promise<CipherView[]>
  /** Every item of the user's own, those in the trash included. */
  ownOf(userId: string): Promise<CipherView[]>
  /** Ids of every item of the user's own. */
  idsOwnOf(userId: string): Promise<string[]>
  /** What the texts of all items of the user's own take, without those of their attachments. */
  bytesOwnOf(userId: string): Promise<number>
  insert(cipher: Cipher): Promise<void>
  /** Many new items with what is kept of them for this user. That their folders are the user's is for the caller to check. */
  insertViews(userId: string, ciphers: readonly CipherView[]): Promise<void>
  /** Writes every field that is not readonly. */
  update(cipher: Cipher): Promise<void>
  /** The same for many, which are all there. */
  updateAll(ciphers: readonly Cipher[]): Promise<void>
  /** Removes the items with what hangs on them. The files of their attachments are doomed. */
  delete(ids: readonly string[]): Promise<void>
  /**
   * Puts the items into the user's folder, or with null into none. At most one folder for each user and item. That the
   * folder and the items are the user's is for the caller to check; rejects when one of them does not exist.
   */
  setFolder(userId: string, ids: readonly string[], folderId: string | null): Promise<void>
  setFavorite(userId: string, id: string, favorite: boolean): Promise<void>
  /** Marks the items as archived by this user at `at`, or with null as not. */
  setArchived(userId: string, ids: readonly string[], at: Date | null): Promise<void>
}
