import { isUtf8 } from 'node:buffer'
import { type Account, type Message, Subscription } from '#core'
import type { Logger } from '#kit'
import type { HubEndpoint } from '../endpoint/endpoint.ts'
import { type AppHub, guestOf } from './app-hub.ts'
import { type AppSubjects, isHubId } from './app-subjects.ts'
import { MAX_GROUPS } from './app-tokens.ts'

/** Two ids, whatever is escaped in them. */
const MAX_CHANGE_BYTES = 8 * 1024

/** Said on the subject `control`, as JSON: the connections that a user has join a group, or leave it. */
export interface MembershipChange {
  readonly action: 'join' | 'leave'
  readonly user: string
  readonly group: string
}

export interface MembershipsOptions {
  readonly account: Account
  readonly hub: AppHub
  readonly endpoint: Pick<HubEndpoint, 'connections' | 'groups'>
  readonly subjects: AppSubjects
  /** For what whoever may publish causes: it is bounded. */
  readonly logger: Logger
}

/** Puts the connections of users into groups and takes them out, wherever they are: every server hears of it. */
export class Memberships {
  readonly #options: MembershipsOptions
  readonly #subscription: Subscription

  constructor(options: MembershipsOptions) {
    this.#options = options
    const peer = { send: (_subscription: Subscription, message: Message) => this.#take(message) }
    this.#subscription = new Subscription(peer, options.subjects.control, '')
    options.account.subscribe(this.#subscription)
  }

  /** Hears no more. */
  close(): void {
    this.#options.account.unsubscribe(this.#subscription)
  }

  #take(message: Message): void {
    const { hub, logger } = this.#options
    const change = readChange(message.payload)
    if (typeof change === 'string') {
      logger.warn({ subject: message.subject, reason: change }, 'message for a hub not understood')
      hub.answer(message, { error: change })
      return
    }
    const connections = this.#apply(change)
    if (connections > 0) hub.answer(message, { connections })
  }

  /** Answers how many connections the user has. */
  #apply({ action, user, group }: MembershipChange): number {
    const { endpoint, subjects, logger } = this.#options
    const subject = subjects.group(group)!
    const connections = [...endpoint.connections.ofUser(user)]
    for (const connection of connections) {
      const { subjects: its } = guestOf(connection)
      const at = its.indexOf(subject)
      if (action === 'leave' && at !== -1) {
        its.splice(at, 1)
        endpoint.groups.leave(connection, subject)
      } else if (action === 'join' && at === -1) {
        // Besides its groups, it has the subject of everybody and its own.
        if (its.length >= MAX_GROUPS + 2) {
          logger.warn({ user, group, max: MAX_GROUPS }, 'not put into a group: in too many already')
        } else {
          its.push(subject)
          endpoint.groups.join(connection, subject)
        }
      }
    }
    return connections.length
  }
}

/** Or what is wrong with it. */
function readChange(payload: Buffer): MembershipChange | string {
  const { action, user, group } = parsed(payload)
  if (action !== 'join' && action !== 'leave') return '"action" must be "join" or "leave".'
  if (!isHubId(user)) return '"user" must be the id of a user.'
  if (!isHubId(group)) return '"group" must be the name of a group.'
  return { action, user, group }
}

/** Nothing for what is no JSON object. */
function parsed(payload: Buffer): Partial<Record<keyof MembershipChange, unknown>> {
  if (payload.length > MAX_CHANGE_BYTES || !isUtf8(payload)) return {}
  try {
    return Object(JSON.parse(payload.toString()))
  } catch {
    return {}
  }
}
