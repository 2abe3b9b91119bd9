export { openStore } from './open.ts'
export type { DatabaseOptions, OpenStoreOptions, PostgresOptions, SqliteOptions } from './options.ts'
export type * from './store.ts'
