import type { Attachments } from './interface/attachments.ts'
import type { AuthRequests } from './interface/auth-requests.ts'
import type { Ciphers } from './interface/ciphers.ts'
import type { Devices } from './interface/devices.ts'
import type { DoomedFiles } from './interface/doomed-files.ts'
import type { Folders } from './interface/folders.ts'
import type { Heard } from './interface/heard.ts'
import type { JobRuns, SigningKeys, VapidKeys } from './interface/instances.ts'
import type { Invitations, Memberships } from './interface/organizations.ts'
import type { PushJournal, PushRegistrations, PushTargets, WebPushSubscriptions } from './interface/push.ts'
import type { RelayedDevices } from './interface/relayed-devices.ts'
import type { Sends } from './interface/sends.ts'
import type { Trash } from './interface/trash.ts'
import type { IncompleteLogins, TwoFactors } from './interface/two-factor.ts'
import type { UserKeyCopies } from './interface/user-key-copies.ts'
import type { Users } from './interface/users.ts'

export type * from './interface/attachments.ts'
export type * from './interface/auth-requests.ts'
export type * from './interface/ciphers.ts'
export type * from './interface/devices.ts'
export type * from './interface/doomed-files.ts'
export type * from './interface/folders.ts'
export type * from './interface/heard.ts'
export type * from './interface/instances.ts'
export type * from './interface/organizations.ts'
export type * from './interface/push.ts'
export type * from './interface/relayed-devices.ts'
export type * from './interface/sends.ts'
export type * from './interface/trash.ts'
export type * from './interface/two-factor.ts'
export type * from './interface/user-key-copies.ts'
export type * from './interface/users.ts'

/**
 * What is kept, whichever engine keeps it. Rows carry the words of the domain; the engines translate to the tables
 * and columns of Vaultwarden's schema (docs/architecture.md, 'The database').
 *
 * Dates have millisecond precision and years of four digits. Every method may reject with the engine's own error; "not
 * there" is `undefined`, never an error, and to update or delete what is not there changes nothing. A method is all or
 * nothing by itself.
 */
export interface Store {
  readonly users: Users
  readonly devices: Devices
  readonly folders: Folders
  readonly ciphers: Ciphers
  readonly attachments: Attachments
  readonly sends: Sends
  readonly doomedFiles: DoomedFiles
  readonly twoFactors: TwoFactors
  readonly incompleteLogins: IncompleteLogins
  readonly authRequests: AuthRequests
  readonly userKeyCopies: UserKeyCopies
  readonly invitations: Invitations
  readonly relayedDevices: RelayedDevices
  readonly pushTargets: PushTargets
  readonly webPushSubscriptions: WebPushSubscriptions
  readonly pushRegistrations: PushRegistrations
  readonly pushJournal: PushJournal
  readonly memberships: Memberships
  readonly heard: Heard
  readonly trash: Trash
  readonly jobRuns: JobRuns
  readonly signingKeys: SigningKeys
  readonly vapidKeys: VapidKeys
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. Not nestable.
   *
   * Inside use only the store that is handed in, which is of no use afterwards: SQLite has one connection, so the outer
   * store would wait for this transaction, and this transaction for it. For the same reason wait for nothing else in it.
   *
   * Transactions behave as if they ran one after the other. To make that so PostgreSQL may have `work` run again, after
   * it was rolled back: it must change nothing but the store, not even what it was handed from outside.
   */
  transaction<T>(work: (store: Store) => Promise<T>, options?: TransactionOptions): Promise<T>
  /**
   * Runs `work` unless work of that name is under way now, here or in another process on the same PostgreSQL database.
   * Resolves with whether it ran; rejects when it does, or when the database cannot be asked.
   */
  exclusively(name: string, work: ExclusiveWork): Promise<boolean>
  /**
   * Removes what is kept in tables of our own about users and devices that another server has deleted. Goes on by one
   * short statement, and says how many rows that removed, whenever it is asked for the next.
   */
  cleanUp(): AsyncGenerator<number, void, undefined>
  /**
   * Which other instances have the database open at the moment, each by the mark of its name (`instanceMark`). Always
   * none on SQLite.
   */
  otherInstances(): Promise<readonly number[]>
  /** Resolves when the database answers; rejects otherwise. For `/alive`. */
  ping(): Promise<void>
  /** Finishes what was asked before, then closes. Everything asked later rejects. */
  close(): Promise<void>
}

export interface TransactionOptions {
  /**
   * The user whose account it is about. Transactions about one account wait for each other, so that they need not run
   * again, and so that one account's requests take one connection.
   */
  readonly account?: string
}

/**
 * Work that only one process does at a time. `lost` is aborted when that cannot be promised any more, since the connection
 * to the database broke: what has not begun then is better left to the next time.
 */
export type ExclusiveWork = (lost: AbortSignal) => Promise<void>
