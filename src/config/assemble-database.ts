import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DatabaseOptions } from '#store'
import type { Problems } from './language/index.ts'
import { schema } from './settings/schema.ts'
import type { Setting } from './settings/setting.ts'
import type { Choice } from './values.ts'

/** Where the vault is kept: what the URL says, and for PostgreSQL the rules of its connections. */
export function assembleDatabase(
  choose: Choice,
  { cwd, dataFolder, problems }: { cwd: string; dataFolder: string; problems: Problems },
): DatabaseOptions {
  const { vault } = schema
  const url = choose(vault.databaseUrl)
  if (url?.startsWith('postgresql://')) return postgres(url)
  reportIdle()
  return { kind: 'sqlite', databaseFile: databaseFile() }

  function postgres(url: string): DatabaseOptions {
    const maxConnections = choose(vault.databaseMaxConns)
    const minConnections = choose(vault.databaseMinConns)
    const { default: usualMinimum } = vault.databaseMinConns
    if (minConnections > maxConnections && minConnections !== usualMinimum) {
      problems.error('DATABASE_MIN_CONNS must not be more than DATABASE_MAX_CONNS')
    }
    return {
      kind: 'postgres',
      url,
      maxConnections,
      minConnections: Math.min(minConnections, maxConnections),
      acquireTimeoutMs: choose(vault.databaseTimeout) * 1000,
      idleTimeoutMs: choose(vault.databaseIdleTimeout) * 1000,
      statementTimeoutMs: choose(vault.databaseStatementTimeoutMs),
      lockTimeoutMs: choose(vault.databaseLockTimeoutMs),
      idleInTransactionTimeoutMs: choose(vault.databaseIdleTransactionTimeoutMs),
      connectionAttempts: choose(vault.dbConnectionRetries),
      connectionInit: choose(vault.databaseConnInit),
    }
  }

  function databaseFile(): string {
    if (url === undefined) return join(dataFolder, 'db.sqlite3')
    if (url.startsWith('sqlite://')) return resolve(cwd, url.slice('sqlite://'.length))
    const file = resolve(cwd, url)
    // Vaultwarden's demand: a misspelt URL must not end as a new and empty database.
    if (!existsSync(file)) {
      problems.error('DATABASE_URL: there is no database at this path; write sqlite://<path> to have it made')
    }
    return file
  }

  /** Somebody who sets these may think that the vault is on PostgreSQL. */
  function reportIdle(): void {
    const settings: readonly Setting<string | number | undefined, never>[] = [
      vault.databaseMaxConns,
      vault.databaseMinConns,
      vault.databaseTimeout,
      vault.databaseIdleTimeout,
      vault.databaseConnInit,
      vault.dbConnectionRetries,
      vault.databaseStatementTimeoutMs,
      vault.databaseLockTimeoutMs,
      vault.databaseIdleTransactionTimeoutMs,
    ]
    for (const setting of settings) {
      if (choose(setting) === setting.default) continue
      problems.warning(
        `${setting.variable} is set, but the database is SQLite, which has no such thing: it has no effect`,
      )
    }
  }
}
