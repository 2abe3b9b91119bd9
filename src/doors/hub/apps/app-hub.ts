import type { IncomingMessage } from 'node:http'
import type { Account } from '#core'
import { Message } from '#core'
import type { Logger } from '#kit'
import type { HubConnection } from '../connection/connection.ts'
import { BAD_TOKEN, NO_TOKEN } from '../endpoint/admission.ts'
import { accessToken } from '../endpoint/token.ts'
import type { Guest, Hub, Refusal } from '../hub.ts'
import type { HubEvent } from '../hub-event.ts'
import { appEvent, readAppMessage } from './app-message.ts'
import type { AppSubjects } from './app-subjects.ts'
import type { AppTokens } from './app-tokens.ts'

export interface AppHubOptions {
  readonly name: string
  readonly account: Account
  readonly subjects: AppSubjects
  readonly tokens: AppTokens
  /** Whether clients without a token may come in. */
  readonly anonymous: boolean
  /** Bytes of JSON; a longer message is not told. */
  readonly maxMessageBytes: number
  /** For what whoever may publish causes: it is bounded. */
  readonly logger: Logger
}

/** A client of a hub of the operator's own. */
export class AppGuest implements Guest {
  readonly userId: string | undefined
  readonly deviceId = undefined
  readonly clientType = undefined
  /** Those of its groups come and go. */
  readonly subjects: string[]
  /** Milliseconds since the epoch; `Infinity` without a token. */
  readonly expiresAtMs: number

  constructor(userId: string | undefined, subjects: string[], expiresAtMs: number) {
    this.userId = userId
    this.subjects = subjects
    this.expiresAtMs = expiresAtMs
  }
}

export function guestOf({ guest }: HubConnection): AppGuest {
  return guest as AppGuest // Nobody else is admitted.
}

/** A hub of the operator's own: clients come in by a token that a key of the hub signed, and hear what is published. */
export class AppHub implements Hub {
  readonly name: string
  readonly #options: AppHubOptions

  constructor(options: AppHubOptions) {
    this.name = options.name
    this.#options = options
  }

  async admit(request: IncomingMessage): Promise<Guest | Refusal> {
    const { tokens, subjects, anonymous } = this.#options
    const token = accessToken(request)
    if (token === undefined) {
      return anonymous ? new AppGuest(undefined, [subjects.all], Number.POSITIVE_INFINITY) : NO_TOKEN
    }
    const client = await tokens.client(token)
    if (client === undefined) return BAD_TOKEN
    const { user, groups, expiresAtMs } = client
    // The token has been checked: there is a subject for each of them.
    const ofGroups = groups.map((group) => subjects.group(group)!)
    return new AppGuest(user, [subjects.all, subjects.user(user)!, ...ofGroups], expiresAtMs)
  }

  translate(message: Message): HubEvent | undefined {
    const { payload } = message
    const { maxMessageBytes, logger } = this.#options
    const read =
      payload.length > maxMessageBytes ? `The message has more than ${maxMessageBytes} bytes.` : readAppMessage(payload)
    if (typeof read === 'object') return appEvent(payload, read)
    logger.warn({ subject: message.subject, reason: read }, 'message for a hub not understood')
    this.answer(message, { error: read })
    return undefined
  }

  onTold(message: Message, connections: number): void {
    this.answer(message, { connections })
  }

  /** To who made a request of the message; later, as a fan-out is no place to begin another. */
  answer({ reply }: Message, answer: { readonly connections: number } | { readonly error: string }): void {
    if (reply === '') return
    const message = new Message(reply, Buffer.from(JSON.stringify(answer)))
    queueMicrotask(() => this.#options.account.publish(message))
  }
}
