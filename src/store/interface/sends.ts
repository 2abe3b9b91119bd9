/** A text or a file that its user shares with whoever has the link. */
export interface Send {
  readonly id: string
  /** Null for an organization's, which no version of Vaultwarden makes. */
  readonly userId: string | null
  readonly createdAt: Date
  revisionDate: Date
  /** 0 text, 1 file. */
  readonly type: number
  /** An EncString. */
  name: string
  notes: string | null
  /** JSON object: `{text, hidden}`, or `{id, fileName, size, sizeName}`. */
  data: string
  /** An EncString. */
  key: string
  /** Of a Send without a password all three are null. */
  passwordHash: Buffer | null
  passwordSalt: Buffer | null
  passwordIterations: number | null
  maxAccessCount: number | null
  accessCount: number
  expirationDate: Date | null
  /** From then on there is no such Send. */
  deletionDate: Date
  disabled: boolean
  hideEmail: boolean | null
}

export interface Sends {
  find(id: string): Promise<Send | undefined>
  /** In no particular order. */
  ofUser(userId: string): Promise<Send[]>
  countOf(userId: string): Promise<number>
  /** The column `data` of each of the user's file Sends, those that still wait for their file included. */
  fileDataOf(userId: string): Promise<string[]>
  insert(send: Send): Promise<void>
  /** Writes every field that is not readonly. */
  update(send: Send): Promise<void>
  /** Their files are doomed, also of those that only wait for one. Where an upload is under way, the mark stays. */
  delete(ids: readonly string[]): Promise<void>
  /** At most `limit` whose deletion date is before then, earliest first. */
  dueForDeletion(before: Date, limit: number): Promise<Send[]>

  /** Marks a file Send, which may be still to come itself, whose file is not there yet. */
  awaitFile(id: string, since: Date): Promise<void>
  /** Ids of at most `limit` that have waited for their file since before then, also of those that are gone meanwhile. */
  awaitingFile(before: Date, limit: number): Promise<string[]>
  isAwaitingFile(id: string): Promise<boolean>
  /** Notes that an upload of it has begun; false when one had already, or no file is awaited. */
  claimFile(id: string): Promise<boolean>
  /** Notes that the upload came to nothing, so that another may begin. */
  releaseFile(id: string): Promise<void>
  /** Takes the mark away; false when there was none. */
  fileArrived(id: string): Promise<boolean>
}
