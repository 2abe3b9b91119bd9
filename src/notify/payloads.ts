import { ProtocolError } from '#kit'
import type { NotificationName } from './notification.ts'
import { type Audience, CLIENT_TYPES, type ClientType } from './subjects.ts'

/**
 * What a member of a payload holds. With `?` it may be missing or null, and is null then.
 * `id`: a GUID; `date`: a date and time of RFC 3339; `byte`: a whole number from 0 to 255.
 */
export type MemberKind =
  | 'id'
  | 'id?'
  | 'ids?'
  | 'date'
  | 'date?'
  | 'byte'
  | 'byte?'
  | 'boolean'
  | 'boolean?'
  | 'text?'
  | Members

/** An object, by the names and in the order of its members on the wire. */
export interface Members {
  readonly [name: string]: MemberKind
}

export type Payload = Readonly<Record<string, unknown>>

interface PayloadType {
  readonly members: Members
  /** Who is told, by what a payload says that has these members. Throws a `ProtocolError` when it names nobody. */
  readonly audience: (payload: Payload) => Audience
}

// Ids were checked to be texts, or null, before anybody asks.
const idIn = (payload: Payload, name: string) => payload[name] as string

const user: PayloadType['audience'] = (payload) => ({ kind: 'user', id: idIn(payload, 'UserId') })
const admin: PayloadType['audience'] = (payload) => ({ kind: 'user', id: idIn(payload, 'AdminId') })
const organization: PayloadType['audience'] = (payload) => ({
  kind: 'organization',
  id: idIn(payload, 'OrganizationId'),
})
const waiting: PayloadType['audience'] = (payload) => ({ kind: 'anonymous', id: idIn(payload, 'Id') })

const userOrOrganization: PayloadType['audience'] = (payload) => {
  if (payload.UserId !== null) return user(payload)
  if (payload.OrganizationId !== null) return organization(payload)
  throw toNobody('UserId and OrganizationId')
}

const anyByClientType: PayloadType['audience'] = (payload) => {
  const clientType = clientTypeFor(payload.ClientType as number)
  if (payload.InstallationId !== null) {
    return { kind: 'installation', id: idIn(payload, 'InstallationId'), clientType }
  }
  if (payload.UserId === null && payload.OrganizationId === null) {
    throw toNobody('InstallationId, UserId and OrganizationId')
  }
  return { ...userOrOrganization(payload), clientType }
}

function clientTypeFor(number: number): ClientType | undefined {
  if (number >= CLIENT_TYPES.length) {
    throw new ProtocolError(
      'INVALID_NOTIFICATION',
      'Notification has a Payload.ClientType that is not a number from 0 to 5',
    )
  }
  return CLIENT_TYPES[number]
}

function toNobody(members: string): ProtocolError<'INVALID_NOTIFICATION'> {
  return new ProtocolError('INVALID_NOTIFICATION', `Notification is for nobody: Payload has none of ${members}`)
}

const cipher: PayloadType = {
  members: { Id: 'id', UserId: 'id?', OrganizationId: 'id?', CollectionIds: 'ids?', RevisionDate: 'date' },
  audience: userOrOrganization,
}
/** Folders and Sends. */
const owned: PayloadType = { members: { Id: 'id', UserId: 'id', RevisionDate: 'date' }, audience: user }
/**
 * The official hub drops the date of what is said of accounts as a whole, and Vaultwarden never gives a reason: ours
 * passes on whatever it was told. spec: hub §3, note a
 */
const account: PayloadType = { members: { UserId: 'id', Date: 'date?', Reason: 'byte?' }, audience: user }
const authRequest: Members = { Id: 'id', UserId: 'id' }
const notification: PayloadType = {
  members: {
    Id: 'id',
    Priority: 'byte',
    Global: 'boolean',
    ClientType: 'byte',
    UserId: 'id?',
    OrganizationId: 'id?',
    InstallationId: 'id?',
    TaskId: 'id?',
    Title: 'text?',
    Body: 'text?',
    CreationDate: 'date',
    RevisionDate: 'date',
    ReadDate: 'date?',
    DeletedDate: 'date?',
  },
  audience: anyByClientType,
}

/** What each type of notification says, and to whom. spec: hub §3 */
export const PAYLOADS: Readonly<Record<NotificationName, PayloadType>> = {
  SyncCipherUpdate: cipher,
  SyncCipherCreate: cipher,
  SyncLoginDelete: cipher,
  SyncFolderDelete: owned,
  SyncCiphers: account,
  SyncVault: account,
  SyncOrgKeys: account,
  SyncFolderCreate: owned,
  SyncFolderUpdate: owned,
  SyncCipherDelete: cipher,
  SyncSettings: account,
  LogOut: account,
  SyncSendCreate: owned,
  SyncSendUpdate: owned,
  SyncSendDelete: owned,
  AuthRequest: { members: authRequest, audience: user },
  AuthRequestResponse: { members: authRequest, audience: waiting },
  SyncOrganizations: account,
  SyncOrganizationStatusChanged: { members: { OrganizationId: 'id', Enabled: 'boolean' }, audience: organization },
  // The official hub loses the three of them on the way. spec: hub §3, note b
  SyncOrganizationCollectionSettingChanged: {
    members: {
      OrganizationId: 'id',
      LimitCollectionCreation: 'boolean',
      LimitCollectionDeletion: 'boolean',
      // Servers from before 2025 do not know it.
      LimitItemDeletion: 'boolean?',
    },
    audience: organization,
  },
  Notification: notification,
  NotificationStatus: notification,
  RefreshSecurityTasks: { members: { UserId: 'id', Date: 'date' }, audience: user },
  OrganizationBankAccountVerified: { members: { OrganizationId: 'id' }, audience: organization },
  ProviderBankAccountVerified: { members: { ProviderId: 'id', AdminId: 'id' }, audience: admin },
  PolicyChanged: {
    members: {
      OrganizationId: 'id',
      Policy: {
        Id: 'id',
        OrganizationId: 'id',
        Type: 'byte',
        Data: 'text?',
        Enabled: 'boolean',
        CreationDate: 'date',
        RevisionDate: 'date',
      },
    },
    audience: organization,
  },
  AutoConfirm: {
    members: { UserId: 'id', OrganizationId: 'id', TargetUserId: 'id', TargetOrganizationUserId: 'id' },
    audience: user,
  },
  PremiumStatusChanged: { members: { UserId: 'id', Premium: 'boolean' }, audience: user },
}
