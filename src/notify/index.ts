export {
  type CanonicalNotification,
  canonicalNotification,
  type ForeignNotification,
} from './canonical-notification.ts'
export { caselessMembers } from './caseless-members.ts'
export { Instances, type InstancesOptions } from './instances.ts'
export {
  encodeNotification,
  isDateField,
  type Notification,
  type NotificationName,
  NotificationType,
  notificationName,
  parseNotification,
} from './notification.ts'
export {
  type AccountEvent,
  type CipherEvent,
  type FolderEvent,
  type NotifiedPolicy,
  Notifier,
  type SendEvent,
} from './notifier.ts'
export { encodePulse } from './pulse.ts'
export { encodeRevocation, parseRevocation, type Revocation } from './revocation.ts'
export { SharedLimits, type Taken } from './shared-limits.ts'
export {
  ALL_INSTANCES_SAY,
  type Audience,
  allFor,
  type ClientType,
  CONTROL_OUTAGE,
  CONTROL_PULSE,
  CONTROL_REVOKE,
  CONTROL_TAKEN,
  clientTypeOf,
  relayedSubject,
  subjectFor,
  userSubject,
  VAULT_ACCOUNT,
  VAULT_ACCOUNT_DEFINITION,
} from './subjects.ts'
