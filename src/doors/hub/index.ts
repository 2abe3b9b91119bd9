export type { Authenticate, HubSession } from './admission.ts'
export { createHubDoor, type HubDoor, type HubDoorOptions } from './user-hub.ts'
