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
export { LeafAcceptor, type LeafSocketOptions, type LeafUpgradeOptions } from './leaf/accepted/acceptor.ts'
export type { LeafProfile, LeafProfileHolder } from './leaf/accepted/profile.ts'
export { MAX_LEAF_PAYLOAD_BYTES } from './leaf/connection.ts'
export { LeafDoor, type LeafDoorOptions, type LeafTotals } from './leaf/door.ts'
export type { LeafLink } from './leaf/link.ts'
export type { LeafSnapshot } from './leaf/snapshot.ts'
export { LeafRemote, type LeafRemoteTools } from './leaf/solicited/remote.ts'
export type { LeafProxy, LeafRemoteOptions, SolicitedUrl } from './leaf/solicited/remote-options.ts'
export type { CookieNames, Entry, ListenerFacts, ListenerProfile, ProfileHolder, UpgradeEntry } from './profile.ts'
export type { TcpTls } from './tcp-entrance.ts'
