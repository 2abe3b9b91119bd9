export interface Folder {
  readonly id: string
  readonly userId: string
  readonly createdAt: Date
  updatedAt: Date
  name: string
}

export interface Folders {
  find(id: string): Promise<Folder | undefined>
  ofUser(userId: string): Promise<Folder[]>
  insert(folder: Folder): Promise<void>
  update(folder: Folder): Promise<void>
  insertMany(folders: readonly Folder[]): Promise<void>
  /** Removes those of `ids` that are the user's, as `delete` does, and returns their ids. Default: all that are. */
  deleteOf(userId: string, ids?: readonly string[]): Promise<string[]>
  /** Removes the folder and its links to items; the items stay. */
  delete(id: string): Promise<void>
}
