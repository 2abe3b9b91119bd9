import { statfs } from 'node:fs/promises'
import type { Clock } from '#kit'
import type { AskedMetrics } from '#ops/metrics'
import type { Store } from '#store'

/** Prometheus waits ten seconds by default; a database that takes longer than this is as good as away. */
const PATIENCE_MS = 3_000

export interface AskedVault {
  readonly store: Pick<Store, 'ping' | 'pushRegistrations' | 'webPushSubscriptions'>
  readonly dataFolder: string
  /** Which devices are told by push. */
  readonly pushes: { readonly phones: boolean; readonly browsers: boolean }
  readonly clock: Clock
}

/** Asks the database and the file system for what metrics show of them. Never rejects. */
export async function askVault({ store, dataFolder, pushes, clock }: AskedVault): Promise<AskedMetrics> {
  const startMs = performance.now()
  const [databaseMs, freeBytes] = await Promise.all([
    inTime(store.ping(), clock).then((isThere) => (isThere === LATE ? undefined : performance.now() - startMs)),
    inTime(statfs(dataFolder), clock).then((found) => (found === LATE ? undefined : found.bavail * found.bsize)),
  ])
  if (databaseMs === undefined) return { databaseMs, freeBytes, pushRegistrations: undefined }
  const counts = await Promise.all([
    pushes.phones ? inTime(store.pushRegistrations.count(), clock) : LATE,
    pushes.browsers ? inTime(store.webPushSubscriptions.count(), clock) : LATE,
  ])
  const pushRegistrations = (['phones', 'browsers'] as const).flatMap((way, i) => {
    const count = counts[i]!
    return typeof count === 'number' ? [[way, count] as const] : []
  })
  return { databaseMs, freeBytes, pushRegistrations }
}

/** In the place of an answer that did not come, or was none. */
const LATE: unique symbol = Symbol('late')

async function inTime<T>(asked: Promise<T>, clock: Clock): Promise<T | typeof LATE> {
  const { promise: late, resolve } = Promise.withResolvers<typeof LATE>()
  const timer = clock.after(PATIENCE_MS, () => resolve(LATE))
  try {
    return await Promise.race([asked.catch((): typeof LATE => LATE), late])
  } finally {
    timer.cancel()
  }
}
