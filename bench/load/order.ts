import type { ListenAddress } from '#net'

export type Transport = 'tcp' | 'websocket'

/** What the load generator is to do, with a server that is ready. */
export type Order = TrafficOrder | IdleOrder

/**
 * Groups of one publisher (TCP) and its subscribers, each on a subject of its own: one group is a fan-out, many with
 * one subscriber each is traffic of which nothing can be shared.
 */
export interface TrafficOrder {
  readonly kind: 'traffic'
  readonly tcp: ListenAddress
  readonly subscriberAddress: ListenAddress
  readonly subscriberTransport: Transport
  readonly serverPid: number
  readonly groups: number
  readonly subscribersPerGroup: number
  readonly payloadBytes: number
  /** Messages that a publisher sends in one write; as many more may be under way meanwhile. */
  readonly batch: number
  /** Whom publishers and subscribers log in as, with the password `p`; default: nobody. */
  readonly user?: string
  /** Whether each subscribes to `bench.group.<its own>.*` instead of to the one subject that is published. */
  readonly subscribesWidely?: boolean
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Connections with one subscription each that say nothing. */
export interface IdleOrder {
  readonly kind: 'idle'
  readonly subscriberAddress: ListenAddress
  readonly subscriberTransport: Transport
  readonly serverPid: number
  /** What is there before counting begins: it pays for what is made only once. */
  readonly connectionsBefore: number
  readonly connections: number
  /** How long the server may tidy up before its memory is read. */
  readonly settleMs: number
}

export interface TrafficFigures {
  readonly deliveriesPerSecond: number
  readonly serverCpuMsPerMillion: number
  /** How much of one core the load generator used: near 1, it is what sets the pace. */
  readonly loadBusy: number
}

export interface IdleFigures {
  readonly bytesPerConnection: number
}
