import { ProtocolError } from '#kit'

/** What a device is told, by number. The names are those of Bitwarden's server. spec: hub §3 */
export const NotificationType = {
  SyncCipherUpdate: 0,
  SyncCipherCreate: 1,
  /** Used for every deletion of an item; `SyncCipherDelete` is a name clients know and servers do not send. */
  SyncLoginDelete: 2,
  SyncFolderDelete: 3,
  SyncCiphers: 4,
  SyncVault: 5,
  SyncOrgKeys: 6,
  SyncFolderCreate: 7,
  SyncFolderUpdate: 8,
  SyncCipherDelete: 9,
  SyncSettings: 10,
  LogOut: 11,
  SyncSendCreate: 12,
  SyncSendUpdate: 13,
  SyncSendDelete: 14,
  AuthRequest: 15,
  AuthRequestResponse: 16,
  SyncOrganizations: 17,
  SyncOrganizationStatusChanged: 18,
  SyncOrganizationCollectionSettingChanged: 19,
  Notification: 20,
  NotificationStatus: 21,
  RefreshSecurityTasks: 22,
  OrganizationBankAccountVerified: 23,
  ProviderBankAccountVerified: 24,
  PolicyChanged: 25,
  AutoConfirm: 26,
  /**
   * To some released clients the same number means `SyncUserPreferences`, so it is passed on for a server that says it,
   * and never said by this one.
   */
  PremiumStatusChanged: 27,
} as const

export type NotificationName = keyof typeof NotificationType

const NAMES: ReadonlyMap<number, NotificationName> = new Map(
  Object.entries(NotificationType).map(([name, type]) => [type, name as NotificationName]),
)

/** Undefined for a number that no name is known for. */
export function notificationName(type: number): NotificationName | undefined {
  return NAMES.get(type)
}

/** What is published as JSON (UTF-8) on the subject; dates are RFC 3339 strings. */
export interface Notification {
  /** Identifier of the device that caused it and need not be told; null when all of them act on it. */
  ContextId: string | null
  Type: number
  Payload: Record<string, unknown>
}

/** What is published. */
export function encodeNotification(notification: Notification): Buffer {
  return Buffer.from(JSON.stringify(notification))
}

const DATE_FIELDS: ReadonlySet<string> = new Set(['Date', 'RevisionDate', 'CreationDate', 'ReadDate', 'DeletedDate'])

/** Whether a payload's member of that name holds a date: JSON cannot say so itself, and other formats write them apart. */
export function isDateField(name: string): boolean {
  return DATE_FIELDS.has(name)
}

/** Throws a `ProtocolError` that names the member when the bytes are not a notification. */
export function parseNotification(bytes: Buffer): Notification {
  const value = parseJson(bytes)
  if (!isObject(value)) throw invalid('is not an object')
  const { ContextId = null, Type, Payload } = value
  if (ContextId !== null && typeof ContextId !== 'string')
    throw invalid('has a ContextId that is neither text nor null')
  if (typeof Type !== 'number' || !Number.isInteger(Type) || Type < 0 || Type > 255) {
    throw invalid('has a Type that is not a whole number from 0 to 255')
  }
  if (!isObject(Payload)) throw invalid('has a Payload that is not an object')
  return { ContextId, Type, Payload }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw invalid('is not JSON', { cause })
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(what: string, options?: ErrorOptions): ProtocolError<'INVALID_NOTIFICATION'> {
  return new ProtocolError('INVALID_NOTIFICATION', `Notification ${what}`, options)
}
