import type { DatabaseOptions } from '../options.ts'
import type { Inspection } from './inspection.ts'

export type { ExpectedFile, InspectedContent, Inspection } from './inspection.ts'

/**
 * Looks at a database and leaves no trace: nothing in it changes, and no file is made beside it. Resolves with undefined
 * when there is none, or an empty one. A server may be using it. Throws ConfigError as `openStore` does.
 */
export async function inspectDatabase(options: DatabaseOptions): Promise<Inspection | undefined> {
  // Only the driver that is needed is loaded.
  if (options.kind === 'sqlite') return (await import('../sqlite/inspect.ts')).inspectSqlite(options)
  return (await import('../postgres/inspect.ts')).inspectPostgres(options)
}
