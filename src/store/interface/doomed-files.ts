/** A file whose row was deleted. */
export interface DoomedFile {
  readonly kind: 'attachment' | 'send'
  /** Id of the item or the Send. */
  readonly owner: string
  /** Null: every file of that owner. */
  readonly id: string | null
}

/**
 * What deletes a row also notes its file here, in the same transaction. So the file goes after the commit, never before,
 * and goes even when the server ends in between.
 */
export interface DoomedFiles {
  /** In an order that stays the same: from the first on, or those that come after one. */
  some(limit: number, after?: DoomedFile): Promise<DoomedFile[]>
  /** The files are gone. */
  forget(files: readonly DoomedFile[]): Promise<void>
}
