import type { Clock, Logger } from '#kit'
import type { QueryObserver } from './query-observer.ts'

/** Where the vault is kept. */
export type DatabaseOptions = SqliteOptions | PostgresOptions

export interface SqliteOptions {
  readonly kind: 'sqlite'
  /** Path of the SQLite file. Made when missing; its folder must be there. */
  readonly databaseFile: string
}

export interface PostgresOptions {
  readonly kind: 'postgres'
  /** As `parsePostgresUrl` takes it. */
  readonly url: string
  /** Connections for queries; at least 1. Each `exclusively` takes one more while it runs. */
  readonly maxConnections: number
  /** Of these, so many stay open when there is nothing to do. */
  readonly minConnections: number
  /** How long a query waits for a connection. */
  readonly acquireTimeoutMs: number
  /** How long a connection over the minimum stays open unused. */
  readonly idleTimeoutMs: number
  /** How long a statement may take; 0 means for ever. */
  readonly statementTimeoutMs: number
  /** How long a statement waits for a lock; 0 means for ever. */
  readonly lockTimeoutMs: number
  /** How long a transaction may stand still before the server ends it; 0 means for ever. */
  readonly idleInTransactionTimeoutMs: number
  /** How often to try, one second apart, while the server is not up at the start; 0 means for ever. */
  readonly connectionAttempts: number
  /** SQL that every connection begins with. */
  readonly connectionInit: string | undefined
}

export interface StoreTools {
  readonly clock: Clock
  /** Told when the database cannot be reached; default: nobody is. */
  readonly logger?: Logger
  /** Name of this instance among those that share the database (`Store.otherInstances`). Default: a random one. */
  readonly instance?: string
  /** Default: nobody is told, and nothing is measured. */
  readonly onQuery?: QueryObserver | undefined
  /**
   * PostgreSQL alone: it could not be reached, answers again, and what was asked since then (milliseconds since the Unix
   * epoch) failed. That may have been the end of a transaction, which then was committed all the same. Default: nobody is
   * told.
   */
  readonly onOutage?: (sinceMs: number) => void
}

export type OpenStoreOptions = DatabaseOptions & StoreTools
