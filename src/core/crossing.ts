import type { ServiceExport } from './account-definition.ts'
import type { Message } from './message.ts'
import type { Peer } from './peer.ts'
import type { RequestInfo } from './request-info.ts'

/**
 * What stands behind a subscription that is no peer's own: messages cross by it to another account.
 *
 *     importer A                      exporter E
 *     SUB in.>  of a client   ◄──     shadow of it, StreamCrossing:   what is published in E reaches A's client
 *     service.x, ServiceCrossing ──►  subscribers of the service:     what is asked in A reaches E
 *     inbox of the requestor  ◄──     _R_.…, ServiceCrossing:         what they answer finds back
 */
export type Crossing = StreamCrossing | ServiceCrossing

/** Lies in the exporter's account, for a subscription of the importer's. */
export interface StreamCrossing {
  readonly kind: 'stream'
  /** Hands the message to the subscription it stands for, if that takes it. */
  deliver(message: Message, except: Peer | undefined): boolean
  /** The message as the importer's account names it: for all its receivers there the same object. */
  localized(message: Message): Message
}

/** Takes whole messages over, with all that may hang on them. */
export interface ServiceCrossing {
  readonly kind: 'service'
  /** Whether somebody got it. */
  carry(message: Message, journey: Journey): boolean
}

/** How a message came here. */
export interface Journey {
  /** Who published it. */
  readonly from: Peer | undefined
  /** Whether `from` gets it too, should it be subscribed. */
  readonly echoes: boolean
  /** The services of other accounts through which it came, last first; `undefined`: none, it was published here. */
  readonly hop: Hop | undefined
  /** What all that becomes of it has left. */
  readonly budget: Budget
}

/**
 * How often a message may go on to further accounts, on all its ways together, once it has crossed to one: where each
 * account asks two others, twenty of them would make a million of it.
 */
export const MAX_FURTHER_CROSSINGS = 256

export interface Budget {
  crossings: number
}

/** Whether a message with that way behind it may cross once more to `service`. */
export function mayCross({ hop, budget }: Journey, service: ServiceExport): boolean {
  if (hop === undefined) return true
  return !hasPassed(hop, service) && budget.crossings-- > 0
}

export interface Hop {
  /** A message goes through the same export but once: that is what ends cycles. */
  readonly service: ServiceExport
  readonly shares: boolean
  /** What the service was told of who asks; answers tell nothing. */
  readonly info: RequestInfo | undefined
  readonly previous: Hop | undefined
  readonly budget: Budget
}

/** Whether a message with that way behind it came through `service`. */
function hasPassed(hop: Hop | undefined, service: ServiceExport): boolean {
  for (let passed = hop; passed !== undefined; passed = passed.previous) if (passed.service === service) return true
  return false
}
