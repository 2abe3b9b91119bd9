/** A file that hangs on an item. Its bytes, which the client encrypted, lie in the folder of attachments. */
export interface Attachment {
  /** 20 hex digits. */
  readonly id: string
  readonly cipherId: string
  /** An EncString. */
  fileName: string
  /** Bytes as stored. */
  size: number
  /** The file's own key as an EncString; null for files of very old clients. */
  key: string | null
}

/** What a client said that it will upload, until it has. Kept in a table of ours: an item never shows half a file. */
export interface AnnouncedAttachment extends Attachment {
  readonly userId: string
  readonly announcedAt: Date
  /** What the client was told as the item's revision date with the file. */
  readonly revisionDate: Date
}

export interface Attachments {
  find(id: string): Promise<Attachment | undefined>
  /** Of any of these items, in no particular order. */
  ofCiphers(cipherIds: readonly string[]): Promise<Attachment[]>
  /** Of all items of the user's own, by one query. */
  ofUser(userId: string): Promise<Attachment[]>
  insert(attachment: Attachment): Promise<void>
  /** Writes every field that is not readonly. */
  update(attachment: Attachment): Promise<void>
  delete(ids: readonly string[]): Promise<void>
  /** Bytes of all attachments on the user's own items, those that are only announced included. */
  bytesOf(userId: string): Promise<number>

  announce(announced: AnnouncedAttachment): Promise<void>
  findAnnounced(id: string): Promise<AnnouncedAttachment | undefined>
  /** Removes the announcement; false when there was none. */
  takeAnnounced(id: string): Promise<boolean>
  /** Forgets what was announced before then. */
  dropAnnounced(before: Date): Promise<void>
  /** Those of `places` (item and attachment) that no row, announced ones included, speaks of. */
  unknownOf(places: readonly { readonly cipherId: string; readonly id: string }[]): Promise<string[]>
}
