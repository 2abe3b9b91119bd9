/** What became of pushes since the start, for one way: the relay, or Web Push. */
export interface PushCounts {
  /** Taken by the push service. */
  sent: number
  /** Attempts that have to be repeated. */
  retried: number
  /** Others waiting for the same addressee say as much or more. */
  superseded: number
  /** Dropped: the push service never takes it, it came too late to be of use, or too many were waiting. */
  dropped: number
  /** Nobody was there (any more) whom it was for. */
  gone: number
}

export type PushWay = 'phones' | 'browsers'

export class PushCounters {
  readonly phones: PushCounts = newCounts()
  readonly browsers: PushCounts = newCounts()
}

const newCounts = (): PushCounts => ({ sent: 0, retried: 0, superseded: 0, dropped: 0, gone: 0 })
