import type { DatabaseOptions, PostgresOptions } from '../options.ts'

/** A database that is kept from everybody else until it is let go. */
export interface OccupiedDatabase extends AsyncDisposable {
  /** Whether there is anything in it. */
  readonly isEmpty: boolean
  /** What has to be said at the database so that it is empty; undefined on SQLite. */
  readonly dropAll: string | undefined
  /** SQLite: what is whole is a single file from then on, which may be moved. Until then nothing has changed. */
  makeReady(): Promise<void>
}

/**
 * Takes a database for itself, which need not be there, nor be whole. Rejects with a ConfigError when a server uses it. A
 * server that starts meanwhile waits or gives up.
 */
export async function occupyDatabase(options: DatabaseOptions): Promise<OccupiedDatabase> {
  if (options.kind === 'sqlite') return (await import('../sqlite/occupy.ts')).occupySqlite(options)
  return (await import('../postgres/occupy.ts')).occupyPostgres(options)
}

/** Makes a database that was copied from a backup one of now: see `settle`. */
export async function settleDatabase(options: DatabaseOptions, now: Date): Promise<void> {
  if (options.kind === 'sqlite') return (await import('../sqlite/restored.ts')).settleSqlite(options, now)
  return (await import('../postgres/restored.ts')).settlePostgres(options, now)
}

/** Fills an empty PostgreSQL with what `pg_dump` has saved of `schema`: all of it or nothing. Rejects with a ConfigError. */
export async function loadDump(options: PostgresOptions, dump: { file: string; schema: string }): Promise<void> {
  return (await import('../postgres/restored.ts')).loadDump(options, dump)
}
