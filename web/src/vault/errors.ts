import type { Item } from '../model/item.ts'

/** What is to be stored was made of an older copy than the server has: another device has changed it meanwhile. */
export class Conflict extends Error {
  override name = 'Conflict'
  /**
   * The item as it is now; null when it is gone. To store one's own all the same, it is saved with the `revisionDate` of
   * this one, or without an `id` when there is none.
   */
  readonly current: Item | null

  constructor(current: Item | null) {
    super(current === null ? 'Another device has deleted the item' : 'Another device has changed the item')
    this.current = current
  }
}

/** It is not in the vault any more. */
export class Gone extends Error {
  override name = 'Gone'
}

/** The vault is locked, or was locked meanwhile. */
export class Locked extends Error {
  override name = 'Locked'

  constructor() {
    super('The vault is locked')
  }
}
