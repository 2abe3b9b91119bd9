export { problemOfAccount } from './assemble-hubs.ts'
export { type CheckedConfigFile, checkConfigFile } from './check.ts'
export type { GivenSetting } from './given-settings.ts'
export * from './language/index.ts'
export type {
  LeafAuthorization,
  LeafLinkOptions,
  LeafListenerOptions,
  LeafnodesOptions,
  LeafRemoteOptions,
  LeafUser,
} from './leafnodes/options.ts'
export {
  type Loaded,
  type LoadedNatsOptions,
  type LoadedOptions,
  type LoadNatsOptions,
  type LoadOptions,
  loadNatsOptions,
  loadOptions,
} from './load-options.ts'
export type {
  AppHubOptions,
  ControlOptions,
  CookieOptions,
  HubOptions,
  IdentityOptions,
  LocalHttpsOptions,
  LogOptions,
  MonitoringOptions,
  NatsOptions,
  NatsServerOptions,
  Options,
  ProcessOptions,
  PushOptions,
  PushRelayOptions,
  RelayOptions,
  VaultOptions,
  WebOptions,
  WebPushOptions,
  WebsocketOptions,
  WebVaultOptions,
} from './options.ts'
export type { Overrides } from './overrides.ts'
export type { RelayInstallation } from './relay/installations.ts'
export type { HostAndPort } from './types/address.ts'
export { LOG_LEVELS, type LogLevel, type NatsAccess } from './types/choices.ts'
export type { TrustedProxies } from './types/lists.ts'
export { LOG_ROOMS } from './types/room-levels.ts'
export { type TlsOptions, tlsOptions } from './types/tls.ts'
export type { TlsFiles } from './types/tls-files.ts'
export { readSavedSettings, type SavedSettings } from './vaultwarden/saved-settings.ts'
