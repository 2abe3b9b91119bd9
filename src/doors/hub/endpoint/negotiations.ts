import { randomBytes } from 'node:crypto'
import type { HubConnection } from '../connection/connection.ts'
import { HEARTBEAT_MS } from '../connection/connection-rules.ts'
import type { Guest } from '../hub.ts'
import type { LongPollingCarrier } from '../transports/long-polling.ts'
import type { ServerSentEventsCarrier } from '../transports/server-sent-events.ts'
import type { NegotiatedIds, NegotiateRequest } from './negotiate.ts'

/** How long a negotiated connection waits for its client. */
const UNUSED_MS = 15_000

/** Bytes of an id: 22 characters in base64url, as in ASP.NET. */
const ID_BYTES = 16

const NOTHING = Buffer.alloc(0)

/** What a negotiated connection has become. */
export type Taken =
  | { readonly transport: 'WebSockets'; readonly connection: HubConnection }
  | { readonly transport: 'ServerSentEvents'; readonly carrier: ServerSentEventsCarrier }
  | { readonly transport: 'LongPolling'; readonly carrier: LongPollingCarrier }

/** One negotiated connection, from the negotiation until it is gone. */
export interface Negotiation extends NegotiatedIds {
  readonly guest: Guest
  readonly isStateful: boolean
  /** Takes it out of the count of connections. */
  readonly leave: () => void
  /** `undefined` while it waits for its client. */
  taken: Taken | undefined
  /** What its client has said before it came. */
  early: Buffer
}

export interface NegotiationOptions extends NegotiateRequest {
  readonly guest: Guest
  readonly leave: () => void
}

/** The negotiated connections of one hub. A user has a bounded number of them that wait; with one more the oldest goes. */
export class Negotiations {
  readonly #maxWaitingPerUser: number
  readonly #byToken = new Map<string, Negotiation>()
  /** The oldest first, with the heartbeat in which each is forgotten. */
  readonly #waiting = new Map<Negotiation, number>()
  /** No user is listed without one that waits. */
  readonly #waitingOfUser = new Map<string, Set<Negotiation>>()
  #beats = 0

  constructor(maxWaitingPerUser: number) {
    this.#maxWaitingPerUser = maxWaitingPerUser
  }

  /** Those that wait and those that are connections. */
  get size(): number {
    return this.#byToken.size
  }

  open({ version, isStateful, guest, leave }: NegotiationOptions): Negotiation {
    const connectionToken = randomBytes(ID_BYTES).toString('base64url')
    const connectionId = version === 0 ? connectionToken : randomBytes(ID_BYTES).toString('base64url')
    const negotiation: Negotiation = {
      connectionId,
      connectionToken,
      guest,
      isStateful,
      leave,
      taken: undefined,
      early: NOTHING,
    }
    this.#byToken.set(connectionToken, negotiation)
    this.#waiting.set(negotiation, this.#beats + UNUSED_MS / HEARTBEAT_MS)
    this.#countIn(negotiation)
    return negotiation
  }

  /** The one with this id, unless it is somebody else's: nobody learns that it is there. */
  findFor(guest: Guest, connectionToken: string): Negotiation | undefined {
    const negotiation = this.#byToken.get(connectionToken)
    return negotiation?.guest.userId === guest.userId ? negotiation : undefined
  }

  /** Its client has come: it is to be removed when the connection is gone. */
  take(negotiation: Negotiation, taken: Taken): void {
    negotiation.taken = taken
    this.#noLongerWaiting(negotiation)
  }

  remove(negotiation: Negotiation): void {
    if (!this.#byToken.delete(negotiation.connectionToken)) return
    this.#noLongerWaiting(negotiation)
    negotiation.leave()
  }

  /** To be called every `HEARTBEAT_MS`. */
  beat(): void {
    this.#beats++
    for (const [negotiation, lastBeat] of this.#waiting) {
      if (lastBeat > this.#beats) return
      this.remove(negotiation)
    }
  }

  /** Forgets those that wait. */
  clear(): void {
    for (const negotiation of this.#waiting.keys()) this.remove(negotiation)
  }

  #countIn(negotiation: Negotiation): void {
    const { userId } = negotiation.guest
    if (userId === undefined) return
    const siblings = this.#waitingOfUser.get(userId)
    if (siblings === undefined) {
      this.#waitingOfUser.set(userId, new Set([negotiation]))
      return
    }
    siblings.add(negotiation)
    const [oldest] = siblings
    if (siblings.size > this.#maxWaitingPerUser) this.remove(oldest!)
  }

  #noLongerWaiting(negotiation: Negotiation): void {
    if (!this.#waiting.delete(negotiation)) return
    const { userId } = negotiation.guest
    if (userId === undefined) return
    const siblings = this.#waitingOfUser.get(userId)
    siblings?.delete(negotiation)
    if (siblings?.size === 0) this.#waitingOfUser.delete(userId)
  }
}
