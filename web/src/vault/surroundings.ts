import type { Api } from '../api/client.ts'
import { Refused } from '../api/errors.ts'
import type { JsonObject } from '../api/json.ts'
import type { Folder } from '../model/folder.ts'
import type { ItemSummary } from '../model/item-summary.ts'
import type { Send } from '../model/send.ts'
import type { Unlocked } from '../session/state.ts'
import { Gone } from './errors.ts'
import type { Records } from './records.ts'
import type { Writes } from './writes.ts'

/** An item of the list: the server has it. */
export type ListedItem = ItemSummary & { readonly id: string }

/** What a vault holds, by noun. */
export interface Holdings {
  readonly item: Records<ListedItem>
  readonly folder: Records<Folder>
  readonly send: Records<Send>
}

/** What is done to a vault is done with these. */
export interface Surroundings {
  readonly api: Api
  readonly holdings: Holdings
  readonly writes: Writes
  /** Whose vault is open. Throws `Locked`. */
  owner(): Unlocked
  /** What the server has done to many items without an answer is to be fetched. */
  fetchAfter(ids: readonly string[]): void
}

/** The object as it came from the server. Throws `Gone`. */
export function wireOf({ holdings }: Surroundings, noun: keyof Holdings, id: string): JsonObject {
  const wire = holdings[noun].wire(id)
  if (wire === undefined) throw new Gone(`There is no such ${noun} in the vault`)
  return wire
}

/** Whether the server says by this that there is no such thing. It says so with 400 where others have 404. */
export function isNotThere(error: unknown): boolean {
  return error instanceof Refused && (error.status === 400 || error.status === 404)
}
