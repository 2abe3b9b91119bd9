import { type Account, type Message, Subscription } from '#core'
import type { Clock, Logger } from '#kit'
import { CONTROL_REVOKE, parseRevocation, userSubject } from '#notify'
import { logOutEvent } from './notification-encoder.ts'
import { type Attendance, userGuestOf } from './user-guest.ts'

export interface RevocationOptions {
  readonly account: Account
  readonly attendance: Attendance
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Sessions that end, on whatever machine. When all of a user end, their devices hear `LogOut` as any other event, and the
 * connection closes behind it; when single ones end, those devices are told here.
 */
export class Revocation {
  /** Grows with every end of sessions: whoever has looked at one before has to look again. */
  count = 0
  readonly #options: RevocationOptions
  readonly #subscriptions: readonly Subscription[]

  constructor(options: RevocationOptions) {
    this.#options = options
    const all = { send: () => void this.count++, close() {} }
    const some = { send: (_: Subscription, message: Message) => this.#revoke(message), close() {} }
    this.#subscriptions = [
      new Subscription(all, userSubject('*', 'LogOut'), ''),
      new Subscription(some, CONTROL_REVOKE, ''),
    ]
    for (const subscription of this.#subscriptions) options.account.subscribe(subscription)
  }

  close(): void {
    for (const subscription of this.#subscriptions) this.#options.account.unsubscribe(subscription)
  }

  #revoke(message: Message): void {
    this.count++
    const { attendance, clock, logger } = this.#options
    try {
      const { userId, deviceIds, contextId } = parseRevocation(message.payload)
      const event = logOutEvent(userId, contextId, clock.now())
      for (const connection of attendance.connections.ofUser(userId)) {
        const { isOwn, deviceId } = userGuestOf(connection)
        if (isOwn && (deviceIds === null || deviceIds.includes(deviceId))) connection.tell(event)
      }
    } catch (error) {
      logger.warn({ subject: message.subject, error: String(error) }, 'revocation not understood')
    }
  }
}
