import type { InspectedContent } from '../inspection/inspection.ts'

/** A database as it was at one moment, whatever is written to it meanwhile. */
export interface DatabaseSnapshot {
  readonly engine: 'SQLite' | 'PostgreSQL'
  readonly content: InspectedContent
  /** The last of Vaultwarden's migrations that it has. */
  readonly vaultwardenVersion: string
  /** How many changes of its own Belfry has made to it. */
  readonly ownSteps: number
  /** The schema of PostgreSQL that everything lies in; undefined on SQLite. */
  readonly postgresSchema: string | undefined
  /**
   * Writes it to a file that is not there yet, for its owner only: on SQLite a database of one file, on PostgreSQL an archive
   * of `pg_dump`. The file is not necessarily on disk yet. Throws ConfigError when that cannot be.
   */
  writeTo(file: string): Promise<void>
}
