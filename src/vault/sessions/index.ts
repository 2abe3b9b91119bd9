export { endOwnSessions, endSessionsOf } from './end.ts'
export { type DescribedDevice, type OpenedSession, openSession } from './open.ts'
export { bearerToken, requireSession } from './require-session.ts'
export { inSession } from './transaction.ts'
