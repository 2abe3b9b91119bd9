export type { Authenticate, HubSession } from './bitwarden/user-hub.ts'
export { createHubDoor, type HubDoor, type HubDoorOptions } from './door.ts'
export type { HubOrigins } from './origins.ts'
