import type { Crossing } from './crossing.ts'
import type { Peer } from './peer.ts'

/** What of the messages of one subscription its peer may have. */
export interface DeliveryFilter {
  /** Asked with the subject by which the peer would get the message. */
  admits(subject: string): boolean
}

/** One peer's interest in one subject. `sid` is the peer's own name for it (a NATS sid), opaque to the core. */
export class Subscription {
  readonly peer: Peer
  readonly subject: string
  /** Empty for a plain subscription. */
  readonly queue: string
  readonly sid: string
  /** Messages delivered so far, counted by the broker. */
  delivered = 0
  /** The subscription ends with this delivery; 0 means never. */
  maxDeliveries = 0
  /** `undefined`: the peer may have everything. What it may not have is not delivered: another of its queue group gets it. */
  filter: DeliveryFilter | undefined = undefined

  /** What it leads to, unless it is the peer's own. */
  readonly crossing: Crossing | undefined

  constructor(peer: Peer, subject: string, sid: string, queue = '', crossing?: Crossing) {
    this.peer = peer
    this.subject = subject
    this.sid = sid
    this.queue = queue
    this.crossing = crossing
  }
}
