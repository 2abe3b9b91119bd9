import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Store } from '#store'
import type { Job } from './runner.ts'

/** Removes what we have kept about users and devices that are gone since Vaultwarden had the database. */
export function cleanUp(store: Pick<Store, 'cleanUp'>): Job['run'] {
  return async (signal) => {
    let removed = 0
    for await (const rows of store.cleanUp()) {
      removed += rows
      await othersTurn()
      signal.throwIfAborted()
    }
    return removed === 0 ? undefined : { removed }
  }
}
