import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Clock } from '#kit'
import type { Store } from '#store'
import type { Job } from './runner.ts'

/** Long, since a browser whose user comes back later than that is never told anything again: it tells its subscription once. */
const FORGET_BROWSER_AFTER_MS = 365 * 24 * 60 * 60_000

/**
 * Removes what we have kept about users and devices that are gone since Vaultwarden had the database, and where browsers took
 * Web Push that nobody logs in with any more.
 */
export function cleanUp(store: Pick<Store, 'cleanUp' | 'webPushSubscriptions'>, clock: Clock): Job['run'] {
  return async (signal) => {
    let removed = 0
    for await (const rows of store.cleanUp()) {
      removed += rows
      await othersTurn()
      signal.throwIfAborted()
    }
    const now = clock.now()
    removed += await store.webPushSubscriptions.sweep(new Date(now), new Date(now - FORGET_BROWSER_AFTER_MS))
    return removed === 0 ? undefined : { removed }
  }
}
