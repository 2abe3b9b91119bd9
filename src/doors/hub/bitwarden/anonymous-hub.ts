import type { IncomingMessage } from 'node:http'
import { type Account, type Message, Subscription } from '#core'
import { type Clock, type Logger, normalGuid, type Timer } from '#kit'
import { allFor, NotificationType, parseNotification } from '#notify'
import type { HubConnection } from '../connection/connection.ts'
import { queryParameter } from '../endpoint/query.ts'
import type { Guest, Hub, Refusal } from '../hub.ts'
import { HubEvent } from '../hub-event.ts'
import { argumentIn } from './argument.ts'
import { AuthResponses } from './auth-responses.ts'

/** Misspelt by Bitwarden: this is what every app registers a handler for. */
const AUTH_REQUEST_RESPONSE_RECEIVED = 'AuthRequestResponseRecieved'

/**
 * From the handshake to the first word. The apps register their handler when `start()` has resolved, and SignalR's client
 * drops what comes before: all that comes right behind the handshake's answer, even in a message of its own, and most of
 * what comes right behind the client's first ping, if it waits for anything in between.
 */
const REGISTRATION_MS = 1_000

/** An administrator may take hours to approve a device, but nobody looks at the same page for a day. */
const LONGEST_WAIT_MS = 24 * 60 * 60_000

const BAD_REQUEST: Refusal = { status: 400, message: 'Bad request' }

export interface AnonymousHubOptions {
  /** Where answers to auth requests are published. */
  readonly account: Account
  readonly clock: Clock
  readonly logger: Logger
}

/** Somebody who waits for the answer to one auth request. Whoever knows its id may ask. */
class Applicant implements Guest {
  readonly userId = undefined
  readonly deviceId = undefined
  readonly clientType = undefined
  /** None: the hub tells them itself, when they can hear. */
  readonly subjects = []
  readonly requestId: string

  constructor(requestId: string) {
    this.requestId = requestId
  }
}

interface Waiting {
  canHear: boolean
  timer: Timer
}

/**
 * The hub of those who are not logged in yet, and wait for another device to approve that:
 * `/notifications/anonymous-hub?Token=<id of the auth request>`. Each connection is told an answer once, also when that
 * was given up to five minutes before it came. spec: hub §2, §9
 */
export class AnonymousHub implements Hub {
  readonly name = 'anonymous'
  readonly #account: Account
  readonly #clock: Clock
  readonly #logger: Logger
  /** To the answers to all requests there may be, since they are kept for who is still to come. */
  readonly #subscription: Subscription
  readonly #responses = new AuthResponses()
  /** Who has shaken hands, by request. None is listed without a connection. */
  readonly #waiting = new Map<string, Map<HubConnection, Waiting>>()

  constructor({ account, clock, logger }: AnonymousHubOptions) {
    this.#account = account
    this.#clock = clock
    this.#logger = logger
    const peer = { send: (_subscription: Subscription, message: Message) => this.#tell(message) }
    this.#subscription = new Subscription(peer, allFor({ kind: 'anonymous', id: '*' }), '')
    account.subscribe(this.#subscription)
  }

  async admit(request: IncomingMessage): Promise<Guest | Refusal> {
    const requestId = normalGuid(queryParameter(request, 'token'))
    return requestId === undefined ? BAD_REQUEST : new Applicant(requestId)
  }

  translate(message: Message): HubEvent | undefined {
    try {
      const { Id, UserId } = authRequestResponse(message.payload)
      const response = { Type: NotificationType.AuthRequestResponse, Payload: { Id, UserId }, UserId }
      return new HubEvent((protocol) =>
        protocol.encodeInvocation(AUTH_REQUEST_RESPONSE_RECEIVED, [argumentIn(protocol, response)]),
      )
    } catch (error) {
      // Without the subject: the id in it is all that this hub asks for.
      this.#logger.warn({ error: String(error) }, 'answer to an auth request not understood')
      return undefined
    }
  }

  onOpen(connection: HubConnection): void {
    const requestId = requestIdOf(connection)
    const waiting: Waiting = {
      canHear: false,
      timer: this.#clock.after(REGISTRATION_MS, () => {
        waiting.canHear = true
        waiting.timer = this.#clock.after(LONGEST_WAIT_MS, () => connection.goAway('waited for too long'))
        const event = this.#responses.find(requestId, this.#clock.now())
        if (event !== undefined) connection.tell(event)
      }),
    }
    const others = this.#waiting.get(requestId)
    if (others === undefined) this.#waiting.set(requestId, new Map([[connection, waiting]]))
    else others.set(connection, waiting)
  }

  onEnding(connection: HubConnection): void {
    const requestId = requestIdOf(connection)
    const together = this.#waiting.get(requestId)
    together?.get(connection)?.timer.cancel()
    together?.delete(connection)
    if (together?.size === 0) this.#waiting.delete(requestId)
  }

  /** Hears no more answers. */
  close(): void {
    this.#account.unsubscribe(this.#subscription)
  }

  #tell(message: Message): void {
    const event = this.translate(message)
    if (event === undefined) return
    const requestId = message.subject.slice(message.subject.lastIndexOf('.') + 1)
    this.#responses.keep(requestId, event, this.#clock.now())
    for (const [connection, { canHear }] of this.#waiting.get(requestId) ?? []) if (canHear) connection.tell(event)
  }
}

function requestIdOf({ guest }: HubConnection): string {
  return (guest as Applicant).requestId // Nobody else is admitted.
}

/** Throws when the bytes are not the answer to an auth request. */
function authRequestResponse(bytes: Buffer): { readonly Id: string; readonly UserId: string } {
  const { Type, Payload } = parseNotification(bytes)
  if (Type !== NotificationType.AuthRequestResponse) throw new Error('Notification is of another type')
  const [Id, UserId] = [normalGuid(Payload.Id), normalGuid(Payload.UserId)]
  if (Id === undefined || UserId === undefined) throw new Error('Notification names no request or no user')
  return { Id, UserId }
}
