/** What the user does to items. Everything rejects with an `ApiError`, `Unreachable` among them, and then nothing is changed here. */

import { type JsonObject, textOrNull } from '../api/json.ts'
import {
  archiveItems,
  createItem,
  deleteItem,
  deleteItems,
  getItem,
  markItem,
  moveItems,
  placeItem,
  putItem,
  restoreItems,
  trashItem,
  trashItems,
  unarchiveItems,
} from '../api/vault.ts'
import type { Item } from '../model/item.ts'
import { decodeItem, encodeItem } from '../model/item-codec.ts'
import { rememberPasswords } from '../model/password-history.ts'
import { Conflict } from './errors.ts'
import { isNotThere, type Surroundings, wireOf } from './surroundings.ts'
import { ALL, NEW } from './writes.ts'

/** So many requests of one operation are under way at a time. */
const AT_ONCE = 4

/** The whole item, decrypted. Rejects with `Gone`. */
export async function openItem(surroundings: Surroundings, id: string): Promise<Item> {
  return decodeItem(wireOf(surroundings, 'item', id), surroundings.owner().userKey)
}

/**
 * Creates an item that has no id, and changes one that has: passwords that were replaced go into its history. Resolves with
 * its id. Rejects with a `Conflict` when it is not the newest copy that was changed, and with a `DamagedError`.
 */
export async function saveItem(surroundings: Surroundings, item: Item): Promise<string> {
  const { id } = item
  if (id === null) return createOne(surroundings, item)
  const { api, holdings, writes, owner } = surroundings
  const { userKey, userId } = owner()
  const known = holdings.item.wire(id)
  // The server takes what is less than two seconds out of date.
  if (known === undefined) throw new Conflict(null)
  const before = await decodeItem(known, userKey)
  if (before.revisionDate !== item.revisionDate) throw new Conflict(before)
  const body = await encodeItem(rememberPasswords(before, item, new Date()), userKey, { userId })
  await writes.run([id], async () => {
    const askedAt = holdings.item.mark()
    const wire = await putItem(api, id, body).catch(async (error: unknown) => {
      if (isNotThere(error)) await throwConflict(surroundings, item, id)
      throw error
    })
    await holdings.item.put([wire], askedAt)
  })
  return id
}

async function createOne({ api, holdings, writes, owner }: Surroundings, item: Item): Promise<string> {
  const { userKey, userId } = owner()
  const body = await encodeItem(item, userKey, { userId })
  return writes.run([NEW.item], async () => {
    const askedAt = holdings.item.mark()
    const wire = await createItem(api, body)
    await holdings.item.put([wire], askedAt)
    return String(wire.id)
  })
}

/** Where the server has refused a change: whether that is because it has another copy, or none. */
async function throwConflict({ api, holdings, owner }: Surroundings, item: Item, id: string): Promise<void> {
  const askedAt = holdings.item.mark()
  const wire = await getItem(api, id).catch((error: unknown) => {
    if (isNotThere(error)) return null
    throw error
  })
  if (wire === null) {
    holdings.item.remove(id)
    throw new Conflict(null)
  }
  await holdings.item.put([wire], askedAt)
  const current = await decodeItem(wire, owner().userKey)
  if (current.revisionDate !== item.revisionDate) throw new Conflict(current)
}

/** Into the trash. */
export async function trash(surroundings: Surroundings, ids: readonly string[]): Promise<void> {
  const { api, holdings } = surroundings
  const change = { deletedDate: new Date().toISOString() }
  if (ids.length !== 1) {
    return many(surroundings, ids, async () => {
      await trashItems(api, ids)
      await holdings.item.amend(ids, change)
    })
  }
  const [id] = ids as readonly [string]
  await surroundings.writes.run(ids, async () => {
    await trashItem(api, id)
    await holdings.item.amend(ids, change)
    // What is not answered is the item's new date, which its next change has to name.
    await refresh(surroundings, id).catch(() => surroundings.fetchAfter(ids))
  })
}

/** For good. */
export async function remove(surroundings: Surroundings, ids: readonly string[]): Promise<void> {
  const { api, holdings, writes } = surroundings
  const [id] = ids
  if (ids.length !== 1 || id === undefined) {
    return many(surroundings, ids, async () => {
      await deleteItems(api, ids)
      holdings.item.remove(...ids)
    })
  }
  await writes.run(ids, async () => {
    await deleteItem(api, id).catch((error: unknown) => {
      // Another device was faster.
      if (!isNotThere(error)) throw error
    })
    holdings.item.remove(id)
  })
}

/** Out of the trash. */
export function restore(surroundings: Surroundings, ids: readonly string[]): Promise<void> {
  return mark(surroundings, ids, { one: 'restore', all: restoreItems })
}

export function archive(surroundings: Surroundings, ids: readonly string[]): Promise<void> {
  return mark(surroundings, ids, { one: 'archive', all: archiveItems })
}

export function unarchive(surroundings: Surroundings, ids: readonly string[]): Promise<void> {
  return mark(surroundings, ids, { one: 'unarchive', all: unarchiveItems })
}

/** Into a folder; null: into none. */
export async function move(surroundings: Surroundings, ids: readonly string[], folderId: string | null): Promise<void> {
  const { api, holdings } = surroundings
  if (ids.length === 1) return place(surroundings, ids, { folderId })
  await many(surroundings, ids, async () => {
    await moveItems(api, ids, folderId)
    await holdings.item.amend(ids, { folderId })
  })
}

export function favorite(surroundings: Surroundings, ids: readonly string[], isFavorite: boolean): Promise<void> {
  return place(surroundings, ids, { favorite: isFavorite })
}

/** What is kept of items beside their content. There is no request for many. */
async function place(
  surroundings: Surroundings,
  ids: readonly string[],
  change: { readonly folderId?: string | null; readonly favorite?: boolean },
): Promise<void> {
  const { api, holdings, writes } = surroundings
  const left = [...ids]
  const work = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      const { folderId, favorite } = wireOf(surroundings, 'item', id)
      const wanted = { folderId: textOrNull(folderId), favorite: favorite === true, ...change }
      const askedAt = holdings.item.mark()
      await holdings.item.put([await placeItem(api, id, wanted)], askedAt)
    }
  }
  await writes.run(ids, () => Promise.all(Array.from({ length: AT_ONCE }, work)))
}

type All = typeof restoreItems

/** What the server answers with the items as they are then. */
async function mark(
  surroundings: Surroundings,
  ids: readonly string[],
  { one, all }: { one: 'restore' | 'archive' | 'unarchive'; all: All },
): Promise<void> {
  const { api, holdings, writes } = surroundings
  const askedAt = holdings.item.mark()
  const put = async (wires: readonly JsonObject[]) => void (await holdings.item.put(wires, askedAt))
  const [id] = ids
  if (ids.length !== 1 || id === undefined) return many(surroundings, ids, async () => put(await all(api, ids)))
  await writes.run(ids, async () => put([await markItem(api, id, one)]))
}

/** What the server tells other devices, and this one, as a change of the account. */
async function many(
  { writes, fetchAfter }: Surroundings,
  ids: readonly string[],
  write: () => Promise<void>,
): Promise<void> {
  if (ids.length === 0) return
  await writes.run([ALL, ...ids], async () => {
    await write()
    fetchAfter(ids)
  })
}

/** Fetches one that the server has changed. */
export async function refresh({ api, holdings }: Surroundings, id: string): Promise<void> {
  const askedAt = holdings.item.mark()
  await holdings.item.put([await getItem(api, id)], askedAt)
}
