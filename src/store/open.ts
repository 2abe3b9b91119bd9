import type { OpenStoreOptions } from './options.ts'
import type { Store } from './store.ts'

/**
 * Opens the store, with the schema complete. Throws ConfigError, one line that names the database without any secret, when
 * it cannot be read and written or is not of the Vaultwarden version this Belfry knows; the database is then as it was.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  // Only the driver that is needed is loaded.
  if (options.kind === 'sqlite') return (await import('./sqlite/open.ts')).openSqliteStore(options)
  return (await import('./postgres/open.ts')).openPostgresStore(options)
}
