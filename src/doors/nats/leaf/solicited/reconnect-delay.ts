import type { LeafFailureCode } from './leaf-failure.ts'

/** Where nobody answers, whoever comes back is to be found soon. */
const MAX_UNREACHABLE_MS = 4_000
const MAX_DELAY_MS = 30_000
/** To the next of several URLs: not at once, for a name that cannot be looked up fails at once. */
const NEXT_URL_MS = 50

/** What happens again however often it is tried. Those of nats-server. (spec: nats §5.6) */
const FIXED_MS: Partial<Record<LeafFailureCode, number>> = {
  LOOP: 30_000,
  SAME_CLUSTER: 30_000,
  PERMISSIONS: 30_000,
  MIN_VERSION: 5_000,
}

export interface DelayOptions {
  readonly code: LeafFailureCode
  /** How often it has failed in a row, at least 1. */
  readonly failures: number
  /** Whether there are URLs that were not tried since the last pause. */
  readonly hasUntried: boolean
  /** `reconnect` of the configuration: the shortest pause. */
  readonly reconnectMs: number
  /** A whole number from 0 up to, not including, its argument. */
  readonly random: (below: number) => number
}

/**
 * How long to wait before the next attempt, in milliseconds: twice as long each time, up to a bound, and up to
 * `reconnectMs` more, so that servers that lost the same hub do not come back at the same moment.
 */
export function reconnectDelayMs({ code, failures, hasUntried, reconnectMs, random }: DelayOptions): number {
  const fixed = FIXED_MS[code]
  if (fixed !== undefined) return fixed
  if (code === 'UNREACHABLE' && hasUntried) return NEXT_URL_MS
  const longest = code === 'UNREACHABLE' || code === 'LOST' ? MAX_UNREACHABLE_MS : MAX_DELAY_MS
  const growing = reconnectMs * 2 ** Math.min(failures - 1, 16)
  return Math.max(reconnectMs, Math.min(growing, longest)) + random(Math.ceil(Math.min(reconnectMs, longest)))
}
