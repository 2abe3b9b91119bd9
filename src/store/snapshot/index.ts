import type { DatabaseOptions } from '../options.ts'
import type { DatabaseSnapshot } from './snapshot.ts'

export type { DatabaseSnapshot } from './snapshot.ts'

/**
 * Holds a snapshot of a database for as long as `work` takes; a server may be using it, and goes on reading and writing. Throws
 * ConfigError when there is no database, or not one that this Belfry knows.
 */
export async function withSnapshot<T>(
  options: DatabaseOptions,
  work: (snapshot: DatabaseSnapshot) => Promise<T>,
): Promise<T> {
  // Only the driver that is needed is loaded.
  if (options.kind === 'sqlite') return (await import('../sqlite/snapshot.ts')).withSqliteSnapshot(options, work)
  return (await import('../postgres/snapshot.ts')).withPostgresSnapshot(options, work)
}
