export {
  isDateField,
  type Notification,
  type NotificationName,
  NotificationType,
  notificationName,
  parseNotification,
} from './notification.ts'
export { type AccountEvent, type CipherEvent, type FolderEvent, Notifier } from './notifier.ts'
export {
  type Audience,
  allFor,
  type ClientType,
  CONTROL_REVOKE,
  clientTypeOf,
  relayedSubject,
  subjectFor,
  userSubject,
  VAULT_ACCOUNT,
  VAULT_ACCOUNT_DEFINITION,
} from './subjects.ts'
