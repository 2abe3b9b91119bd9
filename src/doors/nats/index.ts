export type { NatsLimits } from './context.ts'
export { NatsDoor, type NatsDoorOptions, type NatsUpgradeOptions } from './door.ts'
export { type ListenerFacts, newServerIdentity, type ServerIdentity } from './identity.ts'
