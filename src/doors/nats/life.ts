/** What nats-server waits before it first asks a new client for a sign of life, unless the interval is shorter. */
const FIRST_PING_MS = 2_000

const MAX_JITTER = 0.2

/** How old a round-trip time may get; then even a busy client is asked again. */
const ROUND_TRIP_MAX_AGE_MS = 60 * 60 * 1000

/** What is due for a connection. */
export type LifeSign = 'nothing' | 'ping' | 'stale'

/** Whether a client is there, and how far away. Times are milliseconds since the epoch. (`spec/nats.md` §2.6) */
export class Life {
  readonly #startMs: number
  #nextPingAt: number
  /** When `#nextPingAt` was set. */
  #plannedAt: number
  #lastHeardAt: number
  #pingsOut = 0
  #pingSentAt = 0
  #roundTripMs: number | undefined

  constructor(now: number, pingIntervalMs: number) {
    this.#startMs = now
    this.#lastHeardAt = now
    this.#plannedAt = now
    this.#nextPingAt = now + pingIntervalMs
  }

  /** `undefined` until the client has sent CONNECT. At least 1. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  /**
   * The client sent CONNECT. The first PING follows soon and whatever the client does: clients take it for the end of
   * their login. Up to a fifth later, so that clients that came together are not asked together.
   */
  connected(now: number, pingIntervalMs: number, random: (below: number) => number): void {
    const firstMs = Math.min(FIRST_PING_MS, pingIntervalMs)
    this.#roundTripMs = Math.max(1, now - this.#startMs)
    this.#pingSentAt = 0
    this.#plannedAt = now
    this.#nextPingAt = now + firstMs + random(Math.floor(firstMs * MAX_JITTER) + 1)
  }

  /** It did something of its own accord. */
  heard(now: number): void {
    this.#lastHeardAt = now
  }

  ponged(now: number): void {
    if (this.#pingsOut > 0) this.#roundTripMs = Math.max(1, now - this.#pingSentAt)
    this.#pingsOut = 0
  }

  /** To be called about as often as every half of `pingIntervalMs`. */
  check(now: number, { pingIntervalMs, pingMax }: { pingIntervalMs: number; pingMax: number }): LifeSign {
    // A reload may have shortened the interval meanwhile.
    if (now < Math.min(this.#nextPingAt, this.#plannedAt + pingIntervalMs * (1 + MAX_JITTER))) return 'nothing'
    this.#plannedAt = now
    this.#nextPingAt = now + pingIntervalMs
    const knowsDistance = now - this.#pingSentAt <= ROUND_TRIP_MAX_AGE_MS
    if (knowsDistance && now - this.#lastHeardAt < pingIntervalMs) return 'nothing'
    if (this.#pingsOut + 1 > pingMax) return 'stale'
    this.#pingsOut++
    this.#pingSentAt = now
    return 'ping'
  }
}
