import { Tally } from '#kit'
import { encodeDevicesChanged } from './devices-changed.ts'
import { encodeNotification, type Notification, type NotificationName, NotificationType } from './notification.ts'
import { encodeRevocation } from './revocation.ts'
import { type Audience, CONTROL_DEVICES, CONTROL_REVOKE, subjectFor } from './subjects.ts'

export type CipherEvent = 'SyncCipherCreate' | 'SyncCipherUpdate' | 'SyncLoginDelete'
export type FolderEvent = 'SyncFolderCreate' | 'SyncFolderUpdate' | 'SyncFolderDelete'
export type SendEvent = 'SyncSendCreate' | 'SyncSendUpdate' | 'SyncSendDelete'
export type AccountEvent = 'SyncCiphers' | 'SyncVault' | 'SyncOrgKeys' | 'SyncSettings' | 'SyncOrganizations' | 'LogOut'

/** As the policy is stored. */
export interface NotifiedPolicy {
  readonly id: string
  readonly organizationId: string
  readonly type: number
  /** JSON, or null where it has no settings. */
  readonly data: string | null
  readonly enabled: boolean
  readonly creationDate: Date
  readonly revisionDate: Date
}

/**
 * Says what changed to those it concerns: one message for each of them on their own subject. To be called after the
 * change was committed. Never throws and never waits for a device.
 *
 * `contextId` is the identifier of the device that made the change and therefore ignores the message; with null every
 * device acts on it.
 */
export class Notifier {
  /** What was told since the start, by its name, each once however many it is for. */
  readonly told = new Tally()
  readonly #publish: (subject: string, payload: Buffer) => void

  constructor(publish: (subject: string, payload: Buffer) => void) {
    this.#publish = publish
  }

  cipher(
    name: CipherEvent,
    cipher: { id: string; userId: string | null; organizationId: string | null; revisionDate: Date },
    options: { recipients: readonly string[]; contextId: string | null; collectionIds?: readonly string[] },
  ): void {
    const { recipients, contextId, collectionIds } = options
    this.#tell(recipients.map(user), name, contextId, {
      Id: cipher.id,
      // A message about collections is for whoever sees them: a client drops one that names another user.
      UserId: collectionIds === undefined ? cipher.userId : null,
      OrganizationId: cipher.organizationId,
      CollectionIds: collectionIds ?? null,
      RevisionDate: cipher.revisionDate,
    })
  }

  folder(
    name: FolderEvent,
    folder: { id: string; userId: string; revisionDate: Date },
    contextId: string | null,
  ): void {
    this.#tell([user(folder.userId)], name, contextId, {
      Id: folder.id,
      UserId: folder.userId,
      RevisionDate: folder.revisionDate,
    })
  }

  /** About the account as a whole. */
  account(name: AccountEvent, userId: string, date: Date, contextId: string | null): void {
    this.#tell([user(userId)], name, contextId, { UserId: userId, Date: date })
  }

  /**
   * The sessions of these devices of the user are over. The devices themselves are told by whoever has their connections.
   * When all sessions end, that is `LogOut`.
   */
  devicesRevoked(userId: string, deviceIds: readonly string[], contextId: string | null): void {
    this.#publish(CONTROL_REVOKE, encodeRevocation({ userId, deviceIds, contextId }))
  }

  /**
   * A device of the user has logged in, or has another push token or none. No device is told. That one is gone is said by
   * `devicesRevoked`, or by `LogOut`.
   */
  devicesChanged(userId: string): void {
    this.#publish(CONTROL_DEVICES, encodeDevicesChanged(userId))
  }

  send(name: SendEvent, send: { id: string; userId: string; revisionDate: Date }, contextId: string | null): void {
    this.#tell([user(send.userId)], name, contextId, {
      Id: send.id,
      UserId: send.userId,
      RevisionDate: send.revisionDate,
    })
  }

  /** A new device asks those that are logged in to approve it. */
  authRequest({ id, userId }: { id: string; userId: string }, contextId: string | null): void {
    this.#tell([user(userId)], 'AuthRequest', contextId, { Id: id, UserId: userId })
  }

  /** The answer is there: for the device that waits on the anonymous hub, and for those that still show the question. */
  authRequestResponse({ id, userId }: { id: string; userId: string }, contextId: string | null): void {
    const audiences: Audience[] = [{ kind: 'anonymous', id }, user(userId)]
    this.#tell(audiences, 'AuthRequestResponse', contextId, { Id: id, UserId: userId })
  }

  /** Told to every member, whose apps then sync. */
  organizationStatus({ id, enabled }: { id: string; enabled: boolean }): void {
    const payload = { OrganizationId: id, Enabled: enabled }
    this.#tell([organization(id)], 'SyncOrganizationStatusChanged', null, payload)
  }

  /** What members may do with collections has changed. */
  collectionSettings(
    id: string,
    limits: { collectionCreation: boolean; collectionDeletion: boolean; itemDeletion: boolean },
  ): void {
    this.#tell([organization(id)], 'SyncOrganizationCollectionSettingChanged', null, {
      OrganizationId: id,
      LimitCollectionCreation: limits.collectionCreation,
      LimitCollectionDeletion: limits.collectionDeletion,
      LimitItemDeletion: limits.itemDeletion,
    })
  }

  policy({ id, organizationId, type, data, enabled, creationDate, revisionDate }: NotifiedPolicy): void {
    this.#tell([organization(organizationId)], 'PolicyChanged', null, {
      OrganizationId: organizationId,
      Policy: {
        Id: id,
        OrganizationId: organizationId,
        Type: type,
        Data: data,
        Enabled: enabled,
        CreationDate: creationDate,
        RevisionDate: revisionDate,
      },
    })
  }

  #tell(
    audiences: readonly Audience[],
    name: NotificationName,
    contextId: string | null,
    payload: Notification['Payload'],
  ): void {
    if (audiences.length === 0) return
    this.told.add(name)
    const notification: Notification = { ContextId: contextId, Type: NotificationType[name], Payload: payload }
    // The same bytes for all of them, so that a door encodes once however many there are.
    const bytes = encodeNotification(notification)
    for (const audience of audiences) this.#publish(subjectFor(audience, name), bytes)
  }
}

const user = (id: string): Audience => ({ kind: 'user', id })
const organization = (id: string): Audience => ({ kind: 'organization', id })
