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
  insert(attachment: Attachment): Promise<void>
  /** Writes every field that is not readonly. */
  update(attachment: Attachment): Promise<void>
  /** Their files are doomed. */
  delete(ids: readonly string[]): Promise<void>
  /** Of the user's own items, in bytes, with what is only announced. */
  bytesOf(userId: string): Promise<number>
  /** Of one item, with what is only announced. */
  countOf(cipherId: string): Promise<number>

  announce(announced: AnnouncedAttachment): Promise<void>
  findAnnounced(id: string): Promise<AnnouncedAttachment | undefined>
  /** How many the user has made. */
  countAnnounced(userId: string): Promise<number>
  /** Marks that an upload of it has begun; false when one had already, or there is no such announcement. */
  claimAnnounced(id: string): Promise<boolean>
  /** Removes the announcement; false when there was none. */
  takeAnnounced(id: string): Promise<boolean>
  /** Forgets what was announced before then. What has come of its files is doomed. */
  dropAnnounced(before: Date): Promise<void>
}
