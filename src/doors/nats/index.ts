export type { ProtocolTrace } from './client-log.ts'
export type { CloseReason } from './close-reason.ts'
export type { ConnectionSnapshot, DoorTotals, SubscriptionSnapshot, TlsSnapshot } from './connection-snapshot.ts'
export type { DoorObserver, NatsLimits } from './context.ts'
export {
  NatsDoor,
  type NatsDoorOptions,
  type NatsSocketOptions,
  type NatsUpgradeOptions,
  type Supposed,
} from './door.ts'
export { newServerIdentity, type ServerIdentity } from './identity.ts'
export { type InfoChanges, PROTOCOL_VERSION } from './info.ts'
export type { LameDuckOptions } from './lame-duck.ts'
export type { CookieNames, Entry, ListenerFacts, ListenerProfile, ProfileHolder, UpgradeEntry } from './profile.ts'
export type { TcpTls } from './tcp-entrance.ts'
