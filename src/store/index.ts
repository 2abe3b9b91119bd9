export { type OpenStoreOptions, openStore } from './sqlite/open.ts'
export type * from './store.ts'
