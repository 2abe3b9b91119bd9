import { type Account, Message } from '#core'
import { readAppMessage } from './app-message.ts'
import { type AppSubjects, ID_RULES, isHubId } from './app-subjects.ts'
import type { MembershipChange } from './memberships.ts'

/** Some of the clients of a hub. */
export interface HubAudience {
  /**
   * Calls the method `target` of each of them, wherever they are connected. What is not connected now hears nothing of
   * it. Throws a `TypeError` for what is no message, or too long for one.
   */
  send(target: string, ...args: readonly unknown[]): void
}

/** Those who were put into a group, by their token or by `add`. */
export interface HubGroup extends HubAudience {
  /** Puts the connections that the user has now into it. Throws a `TypeError` for what is no id. */
  add(userId: string): void
  /** Takes them out again. */
  remove(userId: string): void
}

/** A hub of the operator's own, from within the process. */
export interface HubPublisher {
  /** Whoever is connected. */
  readonly all: HubAudience
  /** Every connection of the user. Throws a `TypeError` for what is no id. */
  user(id: string): HubAudience
  /** Throws a `TypeError` for what is no name of a group. */
  group(name: string): HubGroup
}

/** Publishes for a hub; how else its subjects are reached, it does not know. */
export class AppPublisher implements HubPublisher {
  readonly all: HubAudience
  readonly #account: Account
  readonly #subjects: AppSubjects
  readonly #maxMessageBytes: number

  constructor(account: Account, subjects: AppSubjects, maxMessageBytes: number) {
    this.#account = account
    this.#subjects = subjects
    this.#maxMessageBytes = maxMessageBytes
    this.all = this.#audience(subjects.all)
  }

  user(id: string): HubAudience {
    return this.#audience(this.#subjects.user(id) ?? notAnId('the id of a user'))
  }

  group(name: string): HubGroup {
    const subject = this.#subjects.group(name) ?? notAnId('the name of a group')
    return {
      ...this.#audience(subject),
      add: (user) => this.change({ action: 'join', user, group: name }),
      remove: (user) => this.change({ action: 'leave', user, group: name }),
    }
  }

  /** Both ids have to be good. */
  change(change: MembershipChange): void {
    if (!isHubId(change.user)) notAnId('the id of a user')
    this.publish(this.#subjects.control, Buffer.from(JSON.stringify(change)))
  }

  publish(subject: string, payload: Buffer): void {
    this.#account.publish(new Message(subject, payload))
  }

  #audience(subject: string): HubAudience {
    return {
      send: (target, ...args) => {
        const payload = Buffer.from(JSON.stringify({ target, arguments: args }))
        if (payload.length > this.#maxMessageBytes) {
          throw new TypeError(`The message has more than ${this.#maxMessageBytes} bytes.`)
        }
        const message = readAppMessage(payload)
        if (typeof message === 'string') throw new TypeError(message)
        this.publish(subject, payload)
      },
    }
  }
}

function notAnId(what: string): never {
  throw new TypeError(`This cannot be ${what}: ${ID_RULES}`)
}
