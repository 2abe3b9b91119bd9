import type { Message } from '#core'
import type { Logger } from '#kit'
import { clientTypeOf, type Notification, NotificationType, parseNotification } from '#notify'
import type { HubProtocol } from '#wire/signalr'
import { HubEvent } from '../hub-event.ts'
import { argumentIn } from './argument.ts'

/** The method every app registers a handler for. */
const RECEIVE_MESSAGE = 'ReceiveMessage'

/**
 * Turns published notifications into events of the hub, each once however many users get it: a fan-out hands the same
 * body to one after the other, so remembering the latest is enough. It is told apart by its body, because one change
 * that concerns several users is several messages with the same body, for clients of the same type.
 */
export class NotificationEncoder {
  readonly #logger: Logger
  /** What it is written in at once, which is also where it is found out whether it can be written at all. */
  readonly #protocol: HubProtocol
  #body: Buffer | undefined
  #event: HubEvent | undefined

  constructor(protocol: HubProtocol, logger: Logger) {
    this.#protocol = protocol
    this.#logger = logger
  }

  /** Undefined when what was published is not a notification; that is logged. Hot: once per message and group. */
  encode(message: Message): HubEvent | undefined {
    if (message.body !== this.#body) {
      this.#body = message.body
      this.#event = this.#tryToEncode(message)
    }
    return this.#event
  }

  #tryToEncode(message: Message): HubEvent | undefined {
    try {
      const event = notificationEvent(parseNotification(message.payload), clientTypeOf(message.subject))
      event.bytes(this.#protocol)
      return event
    } catch (error) {
      // Whoever may publish in the account can get here, so nothing of the payload is logged.
      this.#logger.warn({ subject: message.subject, error: String(error) }, 'notification not understood')
      return undefined
    }
  }
}

/** "Something changed, sync": what stands in for events that could not be delivered one by one. */
export function syncVaultEvent(userId: string, nowMs: number): HubEvent {
  const date = new Date(nowMs).toISOString()
  return notificationEvent({
    ContextId: null,
    Type: NotificationType.SyncVault,
    Payload: { UserId: userId, Date: date },
  })
}

/** To a device whose session is over, by the device `contextId` or by nobody's. */
export function logOutEvent(userId: string, contextId: string | null, nowMs: number): HubEvent {
  return notificationEvent({
    ContextId: contextId,
    Type: NotificationType.LogOut,
    Payload: { UserId: userId, Date: new Date(nowMs).toISOString() },
  })
}

function notificationEvent({ ContextId, Type, Payload }: Notification, clientType?: string): HubEvent {
  // With a reason the official server says that what changed leaves the session as it is. spec: hub §3
  const endsSession = Type === NotificationType.LogOut && (Payload.Reason ?? null) === null
  return new HubEvent(
    (protocol) => protocol.encodeInvocation(RECEIVE_MESSAGE, [argumentIn(protocol, { ContextId, Type, Payload })]),
    { endsSession, clientType },
  )
}
