import { type Account, type Message, Subscription } from '#core'
import type { Logger } from '#kit'
import { userSubject } from '#notify'
import { type Attendance, organizationSubjects, userGuestOf } from './user-guest.ts'

/** Ids of the organizations that a user belongs to now. */
export type OrganizationsOf = (userId: string) => Promise<readonly string[]>

export interface OrganizationsOptions {
  readonly account: Account
  readonly attendance: Attendance
  readonly organizationsOf: OrganizationsOf
  readonly logger: Logger
}

/**
 * Has devices hear of the organizations that their user belongs to at the moment: `SyncOrgKeys` says that this has
 * changed. Apps connect anew by themselves then, others do not.
 */
export class Organizations {
  /** Grows whenever somebody's organizations change: whoever has looked them up before has to look again. */
  count = 0
  readonly #options: OrganizationsOptions
  readonly #subscription: Subscription
  /** Users who are being looked up, and whether that has to be done once more. */
  readonly #underWay = new Map<string, boolean>()

  constructor(options: OrganizationsOptions) {
    this.#options = options
    const peer = { send: (_: Subscription, { subject }: Message) => this.lookUp(subject.split('.')[2]!), close() {} }
    this.#subscription = new Subscription(peer, userSubject('*', 'SyncOrgKeys'), '')
    options.account.subscribe(this.#subscription)
  }

  close(): void {
    this.#options.account.unsubscribe(this.#subscription)
  }

  /** They may be others now. */
  lookUp(userId: string): void {
    this.count++
    if (this.#underWay.has(userId)) this.#underWay.set(userId, true)
    else if (this.#listenersOf(userId).next().done === false) void this.#lookUp(userId)
  }

  async #lookUp(userId: string): Promise<void> {
    try {
      do {
        this.#underWay.set(userId, false)
        this.#apply(userId, organizationSubjects(await this.#options.organizationsOf(userId)))
      } while (this.#underWay.get(userId))
    } catch (error) {
      this.#options.logger.error({ user: userId, error }, 'organizations of a hub user unknown')
    } finally {
      this.#underWay.delete(userId)
    }
  }

  #apply(userId: string, subjects: readonly string[]): void {
    const { groups } = this.#options.attendance
    for (const connection of this.#listenersOf(userId)) {
      const guest = userGuestOf(connection)
      for (const subject of guest.organizationSubjects) {
        if (!subjects.includes(subject)) groups.leave(connection, subject)
      }
      for (const subject of subjects) groups.join(connection, subject)
      guest.organizationSubjects = subjects
    }
  }

  /** Of the others their tokens say what they belong to. */
  *#listenersOf(userId: string) {
    for (const connection of this.#options.attendance.connections.ofUser(userId)) {
      if (userGuestOf(connection).isKept) yield connection
    }
  }
}
