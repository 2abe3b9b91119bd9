import { type Clock, networkOf } from '#kit'
import type { Authenticator, LoginResult } from './authenticator.ts'

/** Failures of a network that cost it nothing: people mistype, and a client that was set up wrongly tries again. */
const FREE = 5
/** One is forgotten every so often. */
const FORGOTTEN_AFTER_MS = 10_000
const FIRST_DELAY_MS = 50
const MAX_DELAY_MS = 1_000
/** Beyond the free ones. The delay has reached its maximum by then: more of them would only be remembered for longer. */
const MAX_COUNTED = 6
/** Networks remembered, some 100 bytes each: those that failed last. */
const MAX_NETWORKS = 50_000
/** Answers held back at a time; each has a connection that waits for it. */
const MAX_HELD = 20_000

interface Failures {
  readonly count: number
  readonly atMs: number
}

/**
 * Slows down those who try passwords: when logins from a network (an IPv4 address, an IPv6 /64) fail again and again, it
 * learns ever later that they did, up to a second. Only refusals are held back: whoever has the right password is let in
 * at once, whatever others do behind the same address. What somebody makes of many connections at a time is bounded by
 * the connections that an address may have, and where passwords are hashed by the one thread that does it.
 */
export class LoginFailures {
  readonly #clock: Clock
  /** In the order of the last failure. */
  readonly #networks = new Map<string, Failures>()
  #held = 0

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock
  }

  /** Answers held back at the moment. */
  get held(): number {
    return this.#held
  }

  /**
   * `result`, which may be yet to come: at once when it is good; else it counts, and is held back for as long as is due,
   * `withinMs` from now on at most.
   */
  answer(
    address: string,
    result: LoginResult | Promise<LoginResult>,
    withinMs: number,
  ): LoginResult | Promise<LoginResult> {
    if (!(result instanceof Promise)) return this.#answer(address, result, withinMs)
    const startMs = this.#clock.now()
    return result.then((settled) => this.#answer(address, settled, withinMs - (this.#clock.now() - startMs)))
  }

  #answer(address: string, result: LoginResult, maxMs: number): LoginResult | Promise<LoginResult> {
    if (result.ok) return result
    const delayMs = Math.min(this.#count(networkOf(address)), maxMs)
    if (delayMs <= 0 || this.#held >= MAX_HELD) return result
    this.#held++
    return new Promise((resolve) => {
      this.#clock.after(delayMs, () => {
        this.#held--
        resolve(result)
      })
    })
  }

  /** Milliseconds that this failure costs. */
  #count(network: string): number {
    const atMs = this.#clock.now()
    const before = this.#networks.get(network)
    const forgotten = before === undefined ? 0 : (atMs - before.atMs) / FORGOTTEN_AFTER_MS
    const count = Math.min(Math.max(0, (before?.count ?? 0) - forgotten) + 1, FREE + MAX_COUNTED)
    this.#networks.delete(network)
    this.#networks.set(network, { count, atMs })
    if (this.#networks.size > MAX_NETWORKS) this.#networks.delete(this.#networks.keys().next().value!)
    return count <= FREE ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (Math.ceil(count - FREE) - 1), MAX_DELAY_MS)
  }
}

/** Answers to those who fail again and again are held back, for `maxDelayMs` and half of the time for a login at most. */
export function slowedDown(
  authenticator: Authenticator,
  { failures, maxDelayMs }: { readonly failures: LoginFailures; readonly maxDelayMs: () => number },
): Authenticator {
  // Half of the time, so that the client hears that it is refused, and not that it was too slow.
  const withinMs = () => Math.min(authenticator.timeoutMs / 2, maxDelayMs())
  return {
    ...authenticator,
    login: (request) => failures.answer(request.address, authenticator.login(request), withinMs()),
  }
}
