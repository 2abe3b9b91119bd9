import type { IncomingMessage } from 'node:http'
import type { Message } from '#core'
import type { Clock, Logger } from '#kit'
import { allFor } from '#notify'
import type { HubProtocol } from '#wire/signalr'
import { BAD_TOKEN, NO_TOKEN } from '../admission.ts'
import type { Guest, Hub, Refusal } from '../hub.ts'
import type { HubEvent } from '../hub-event.ts'
import { accessToken } from '../token.ts'
import { NotificationEncoder, syncVaultEvent } from './notification-encoder.ts'

export interface HubSession {
  readonly user: { readonly id: string }
  readonly device: { readonly id: string }
}

/** Undefined when the token does not stand for a session, whatever the reason. */
export type Authenticate = (token: string) => Promise<HubSession | undefined>

export interface UserHubOptions {
  readonly authenticate: Authenticate
  readonly clock: Clock
  readonly logger: Logger
  /** What most clients speak. */
  readonly protocol: HubProtocol
}

/** The hub every logged-in device listens on: `/notifications/hub`. */
export class UserHub implements Hub {
  readonly name = 'user'
  readonly #options: UserHubOptions
  readonly #encoder: NotificationEncoder

  constructor(options: UserHubOptions) {
    this.#options = options
    this.#encoder = new NotificationEncoder(options.protocol, options.logger)
  }

  async admit(request: IncomingMessage): Promise<Guest | Refusal> {
    const token = accessToken(request)
    if (token === undefined) return NO_TOKEN
    const session = await this.#options.authenticate(token)
    if (session === undefined) return BAD_TOKEN
    const { user, device } = session
    return {
      userId: user.id,
      deviceId: device.id,
      clientType: undefined,
      subjects: [allFor({ kind: 'user', id: user.id })],
    }
  }

  translate(message: Message): HubEvent | undefined {
    return this.#encoder.encode(message)
  }

  /** Events are hints to sync, so one hint to sync everything makes up for any number of them. */
  substitute({ userId }: Guest): HubEvent {
    return syncVaultEvent(userId!, this.#options.clock.now())
  }
}
