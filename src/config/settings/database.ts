import { databaseUrl } from '../types/database-url.ts'
import { duration } from '../types/duration.ts'
import { integer } from '../types/integer.ts'
import { plainText } from '../types/text.ts'
import { optional, setting } from './setting.ts'

/** A day is more than any statement may sensibly take. */
const timeout = duration({ minMs: 0, maxMs: 86_400_000 })

/** Where the vault is kept; a part of the settings of the vault. */
export const databaseSettings = {
  databaseUrl: optional({
    key: 'vault.database_url',
    variable: 'DATABASE_URL',
    type: { ...databaseUrl, isSecret: true },
    defaultText: '`sqlite://<data_folder>/db.sqlite3`',
    help: 'The database. For PostgreSQL and its options see [Scaling](scaling.md#postgresql).',
  }),
  databaseMaxConns: setting({
    key: 'vault.database_max_conns',
    variable: 'DATABASE_MAX_CONNS',
    type: integer({ min: 1, max: 256 }),
    default: 10,
    help: 'PostgreSQL: connections that this instance opens at most for its queries.',
  }),
  databaseMinConns: setting({
    key: 'vault.database_min_conns',
    variable: 'DATABASE_MIN_CONNS',
    type: integer({ min: 0, max: 256 }),
    default: 2,
    help: 'PostgreSQL: connections that stay open, once there was use for them, when there is nothing to do.',
  }),
  databaseTimeout: setting({
    key: 'vault.database_timeout',
    variable: 'DATABASE_TIMEOUT',
    type: integer({ min: 1, max: 3600, unit: 'seconds' }),
    default: 30,
    help: 'PostgreSQL: how long a query waits for a connection.',
  }),
  databaseIdleTimeout: setting({
    key: 'vault.database_idle_timeout',
    variable: 'DATABASE_IDLE_TIMEOUT',
    type: integer({ min: 1, max: 86_400, unit: 'seconds' }),
    default: 600,
    help: 'PostgreSQL: how long a connection above the minimum stays open unused.',
  }),
  databaseConnInit: optional({
    key: 'vault.database_conn_init',
    variable: 'DATABASE_CONN_INIT',
    type: plainText('SQL'),
    defaultText: 'none',
    help: 'PostgreSQL: statements that every connection begins with.',
  }),
  dbConnectionRetries: setting({
    key: 'vault.db_connection_retries',
    variable: 'DB_CONNECTION_RETRIES',
    type: integer({ min: 0, max: 1_000_000 }),
    default: 15,
    help: 'PostgreSQL: how often to try to reach the database at the start, one second apart; 0 means for ever.',
  }),
  databaseStatementTimeoutMs: setting({
    key: 'vault.database_statement_timeout',
    variable: 'BELFRY_DATABASE_STATEMENT_TIMEOUT',
    type: timeout,
    default: 30_000,
    defaultText: '`"30s"`',
    help: 'PostgreSQL: how long a statement may take; 0 means for ever, also when the server does not answer any more.',
  }),
  databaseLockTimeoutMs: setting({
    key: 'vault.database_lock_timeout',
    variable: 'BELFRY_DATABASE_LOCK_TIMEOUT',
    type: timeout,
    default: 10_000,
    defaultText: '`"10s"`',
    help: 'PostgreSQL: how long a statement waits for what another transaction holds; 0 means for ever.',
  }),
  databaseIdleTransactionTimeoutMs: setting({
    key: 'vault.database_idle_transaction_timeout',
    variable: 'BELFRY_DATABASE_IDLE_TRANSACTION_TIMEOUT',
    type: timeout,
    default: 30_000,
    defaultText: '`"30s"`',
    help:
      'PostgreSQL: after how long the server ends a transaction that stands still, for instance because the machine ' +
      'of its instance is gone; 0 means never.',
  }),
}
