import { type Notification, type NotificationName, NotificationType } from './notification.ts'
import { userSubject } from './subjects.ts'

export type CipherEvent = 'SyncCipherCreate' | 'SyncCipherUpdate' | 'SyncLoginDelete'
export type FolderEvent = 'SyncFolderCreate' | 'SyncFolderUpdate' | 'SyncFolderDelete'
export type AccountEvent = 'SyncCiphers' | 'SyncVault' | 'SyncOrgKeys' | 'SyncSettings' | 'LogOut'

/**
 * Says what changed to those it concerns: one message for each of them on their own subject. To be called after the
 * change was committed. Never throws and never waits for a device.
 *
 * `contextId` is the identifier of the device that made the change and therefore ignores the message; with null every
 * device acts on it.
 */
export class Notifier {
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
    this.#tell(recipients, name, contextId, {
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
    this.#tell([folder.userId], name, contextId, {
      Id: folder.id,
      UserId: folder.userId,
      RevisionDate: folder.revisionDate,
    })
  }

  /** About the account as a whole. */
  account(name: AccountEvent, userId: string, date: Date, contextId: string | null): void {
    this.#tell([userId], name, contextId, { UserId: userId, Date: date })
  }

  #tell(
    userIds: readonly string[],
    name: NotificationName,
    contextId: string | null,
    payload: Notification['Payload'],
  ): void {
    if (userIds.length === 0) return
    const notification: Notification = { ContextId: contextId, Type: NotificationType[name], Payload: payload }
    // The same bytes for all of them, so that a door encodes once however many users there are.
    const bytes = Buffer.from(JSON.stringify(notification))
    for (const userId of userIds) this.#publish(userSubject(userId, name), bytes)
  }
}
