export {
  type CanonicalNotification,
  canonicalNotification,
  type ForeignNotification,
} from './canonical-notification.ts'
export { caselessMembers } from './caseless-members.ts'
export { encodeDevicesChanged, parseDevicesChanged } from './devices-changed.ts'
export {
  encodeHearingAnswer,
  encodeHearingQuestion,
  type HearingAnswer,
  type HearingQuestion,
  MAX_ASKED_DEVICES,
  parseHearingAnswer,
  parseHearingQuestion,
} from './hearing.ts'
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
export { encodePulse, instanceIn } from './pulse.ts'
export { encodeRevocation, parseRevocation, type Revocation } from './revocation.ts'
export { SharedLimits, type Taken } from './shared-limits.ts'
export {
  ALL_INSTANCES_SAY,
  type Audience,
  allFor,
  CLIENT_TYPES,
  type ClientType,
  CONTROL_DEVICES,
  CONTROL_HEARS,
  CONTROL_OUTAGE,
  CONTROL_PULSE,
  CONTROL_REVOKE,
  CONTROL_TAKEN,
  CONTROL_WHO_HEARS,
  clientTypeOf,
  nameIn,
  ONLY_HERE,
  relayedSubject,
  subjectFor,
  userSubject,
  VAULT_ACCOUNT,
  VAULT_ACCOUNT_DEFINITION,
} from './subjects.ts'
