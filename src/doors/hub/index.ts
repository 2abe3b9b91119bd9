export type { HubSession } from './bitwarden/listener.ts'
export type { Authenticate } from './bitwarden/user-hub.ts'
export { createHubDoor, type HubDoor, type HubDoorOptions } from './door.ts'
export type { HubOrigins } from './origins.ts'
