import type { Message } from '#core'
import type { Logger } from '#kit'
import { isDateField, type Notification, NotificationType, parseNotification } from '#notify'
import { encodeInvocation, Timestamp } from '#wire/signalr'

/** The method every app registers a handler for. */
const RECEIVE_MESSAGE = 'ReceiveMessage'

/** A notification as it goes to every device. */
export interface EncodedNotification {
  readonly type: number
  /** A whole SignalR frame; never changed, so that all connections can share it. */
  readonly frame: Buffer
}

/**
 * Turns published notifications into SignalR frames, each once however many connections get it: a fan-out hands the
 * same message to one after the other, so remembering the latest is enough. It is told apart by its body, because one
 * change that concerns several users is several messages with the same body.
 */
export class NotificationEncoder {
  readonly #logger: Logger
  #body: Buffer | undefined
  #encoded: EncodedNotification | undefined

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Undefined when what was published is not a notification; that is logged. Hot: once per receiver. */
  encode(message: Message): EncodedNotification | undefined {
    if (message.body !== this.#body) {
      this.#body = message.body
      this.#encoded = this.#tryToEncode(message)
    }
    return this.#encoded
  }

  #tryToEncode(message: Message): EncodedNotification | undefined {
    try {
      return encodeNotification(parseNotification(message.payload))
    } catch (error) {
      // Whoever may publish in the account can get here, so nothing of the payload is logged.
      this.#logger.warn({ subject: message.subject, error: String(error) }, 'notification not understood')
      return undefined
    }
  }
}

/** "Something changed, sync": what stands in for events that could not be delivered one by one. */
export function encodeSyncVault(userId: string, nowMs: number): Buffer {
  const date = new Date(nowMs).toISOString()
  return encodeNotification({
    ContextId: null,
    Type: NotificationType.SyncVault,
    Payload: { UserId: userId, Date: date },
  }).frame
}

function encodeNotification({ ContextId, Type, Payload }: Notification): EncodedNotification {
  const argument = { ContextId, Type, Payload: withTimestamps(Payload) }
  return { type: Type, frame: encodeInvocation(RECEIVE_MESSAGE, [argument]) }
}

/** JSON has dates as text; in MessagePack they have a form of their own. Policies carry theirs one level down. */
function withTimestamps(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, withTimestamp(name, value)]))
}

function withTimestamp(name: string, value: unknown): unknown {
  if (typeof value === 'string' && isDateField(name)) return Timestamp.parse(value) ?? value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return withTimestamps(value as Record<string, unknown>)
}
