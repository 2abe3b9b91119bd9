/** What is in the trash since before a moment. */
export interface Trash {
  /** Whose item has been there for the longest time; undefined when there is none. */
  nextOwner(before: Date): Promise<TrashOwner | undefined>
  /** Ids of the owner's items, those that have been there longest first. */
  idsOf(owner: TrashOwner, before: Date, limit: number): Promise<string[]>
}

/** One of the two is null. */
export interface TrashOwner {
  readonly userId: string | null
  readonly organizationId: string | null
}
