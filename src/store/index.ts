export { openStore } from './open.ts'
export type { DatabaseOptions, OpenStoreOptions, PostgresOptions, SqliteOptions } from './options.ts'
export { parsePostgresUrl } from './postgres/address.ts'
export type * from './store.ts'
