import type { Clock } from '#kit'
import type { Store } from '#store'
import type { Job } from './runner.ts'

/** From then on nobody looks at a request any more, however it was answered: clients show it that long. */
const KEPT_MS = 15 * 60_000

/** Deletes requests of login with another device that are over. */
export function purgeAuthRequests(store: Pick<Store, 'authRequests'>, clock: Clock): Job['run'] {
  return async () => {
    const deleted = await store.authRequests.deleteBefore(new Date(clock.now() - KEPT_MS))
    return deleted === 0 ? undefined : { deleted }
  }
}
