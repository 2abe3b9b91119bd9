export * from './language/index.ts'
export { type LoadOptions, loadOptions } from './load-options.ts'
export type {
  LocalHttpsOptions,
  LogOptions,
  NatsOptions,
  Options,
  VaultOptions,
  WebOptions,
  WebsocketOptions,
} from './options.ts'
export type { Overrides } from './overrides.ts'
export type { HostAndPort } from './types/address.ts'
export type { LogLevel, NatsAccess } from './types/choices.ts'
export type { TrustedProxies } from './types/lists.ts'
export type { TlsFiles } from './types/tls-files.ts'
