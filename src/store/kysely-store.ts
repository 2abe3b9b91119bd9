import { type Kysely, sql } from 'kysely'
import { KyselyAttachments } from './attachments.ts'
import { KyselyAuthRequests } from './auth-requests.ts'
import { KyselyCiphers } from './ciphers.ts'
import { cleanUp } from './clean-up.ts'
import { KyselyDevices } from './devices.ts'
import { KyselyDoomedFiles } from './doomed-files.ts'
import type { Engine } from './engine.ts'
import { KyselyFolders } from './folders.ts'
import { KyselyHeard } from './heard.ts'
import { KyselyInvitations } from './invitations.ts'
import { KyselyJobRuns } from './job-runs.ts'
import { KyselyMemberships } from './memberships.ts'
import { KyselyPushJournal } from './push-journal.ts'
import { KyselyPushRegistrations } from './push-registrations.ts'
import { KyselyPushTargets } from './push-targets.ts'
import { KyselyRelayedDevices } from './relayed-devices.ts'
import { KyselySends } from './sends.ts'
import { KyselySigningKeys } from './signing-keys.ts'
import type { ExclusiveWork, Store, TransactionOptions } from './store.ts'
import type { Database } from './tables.ts'
import { transact } from './transact.ts'
import { KyselyTrash } from './trash.ts'
import { KyselyIncompleteLogins, KyselyTwoFactors } from './two-factor.ts'
import { KyselyUserKeyCopies } from './user-key-copies.ts'
import { KyselyUsers } from './users.ts'
import { KyselyVapidKeys } from './vapid-keys.ts'
import { KyselyWebPushSubscriptions } from './web-push-subscriptions.ts'

/** The store over any engine that Kysely speaks to: the tables, and what holds them together. */
export class KyselyStore implements Store {
  readonly users: KyselyUsers
  readonly devices: KyselyDevices
  readonly folders: KyselyFolders
  readonly ciphers: KyselyCiphers
  readonly attachments: KyselyAttachments
  readonly sends: KyselySends
  readonly doomedFiles: KyselyDoomedFiles
  readonly twoFactors: KyselyTwoFactors
  readonly incompleteLogins: KyselyIncompleteLogins
  readonly authRequests: KyselyAuthRequests
  readonly userKeyCopies: KyselyUserKeyCopies
  readonly invitations: KyselyInvitations
  readonly relayedDevices: KyselyRelayedDevices
  readonly pushTargets: KyselyPushTargets
  readonly webPushSubscriptions: KyselyWebPushSubscriptions
  readonly pushRegistrations: KyselyPushRegistrations
  readonly pushJournal: KyselyPushJournal
  readonly memberships: KyselyMemberships
  readonly heard: KyselyHeard
  readonly trash: KyselyTrash
  readonly jobRuns: KyselyJobRuns
  readonly signingKeys: KyselySigningKeys
  readonly vapidKeys: KyselyVapidKeys
  readonly #db: Kysely<Database>
  readonly #engine: Engine
  #closing: Promise<void> | undefined

  /** `db` is ready to use: open, and with the schema in place. It belongs to the store from here on. */
  constructor(db: Kysely<Database>, engine: Engine) {
    this.#db = db
    this.#engine = engine
    this.users = new KyselyUsers(db, engine)
    this.devices = new KyselyDevices(db)
    this.folders = new KyselyFolders(db)
    this.ciphers = new KyselyCiphers(db)
    this.attachments = new KyselyAttachments(db)
    this.sends = new KyselySends(db)
    this.doomedFiles = new KyselyDoomedFiles(db)
    this.twoFactors = new KyselyTwoFactors(db)
    this.incompleteLogins = new KyselyIncompleteLogins(db)
    this.authRequests = new KyselyAuthRequests(db)
    this.userKeyCopies = new KyselyUserKeyCopies(db)
    this.invitations = new KyselyInvitations(db)
    this.relayedDevices = new KyselyRelayedDevices(db)
    this.pushTargets = new KyselyPushTargets(db)
    this.webPushSubscriptions = new KyselyWebPushSubscriptions(db)
    this.pushRegistrations = new KyselyPushRegistrations(db)
    this.pushJournal = new KyselyPushJournal(db)
    this.memberships = new KyselyMemberships(db)
    this.heard = new KyselyHeard(db, engine)
    this.trash = new KyselyTrash(db)
    this.jobRuns = new KyselyJobRuns(db, engine)
    this.signingKeys = new KyselySigningKeys(db)
    this.vapidKeys = new KyselyVapidKeys(db)
  }

  async transaction<T>(work: (store: Store) => Promise<T>, { account }: TransactionOptions = {}): Promise<T> {
    if (this.#db.isTransaction) throw new Error('A transaction cannot hold another')
    const run = (db: Kysely<Database>) => work(new KyselyStore(db, this.#engine))
    return account === undefined
      ? transact(this.#db, run)
      : this.#engine.inTurnOf(this.#db, account, (db) => transact(db, run))
  }

  exclusively(name: string, work: ExclusiveWork) {
    return this.#engine.exclusively(name, work)
  }

  cleanUp() {
    return cleanUp(this.#db)
  }

  otherInstances() {
    return this.#engine.otherInstances(this.#db)
  }

  async ping() {
    await sql`SELECT 1`.execute(this.#db)
  }

  async close() {
    if (this.#db.isTransaction) throw new Error('A transaction cannot close the store')
    this.#closing ??= this.#engine.close(this.#db)
    await this.#closing
  }
}
