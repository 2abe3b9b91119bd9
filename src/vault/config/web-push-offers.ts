import { type AccessClaims, clientTypeOfDevice } from '#auth'
import type { Clock, Logger } from '#kit'
import type { WebPushSubscriptions } from '#store'

/** A browser extension subscribes as soon as it is offered Web Push. */
const SUBSCRIBES_WITHIN_MS = 10 * 60_000

/** Extensions that are remembered. One that is forgotten is offered it once more. */
const MAX_REMEMBERED = 10_000

interface WebPushOffersOptions {
  readonly subscriptions: Pick<WebPushSubscriptions, 'find'>
  /** Whether the push service of a subscription can be reached. */
  readonly isReachable: (endpoint: string) => boolean
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * To whom Web Push is offered: to everybody but an extension that was offered it before and has no subscription. It notes
 * that it has told its subscription before it tells, and never tells the same again (spec: hub §6). So when that request
 * was lost, or the push service has ended a subscription (404, 410) without its browser knowing, it would wait for pushes
 * for ever, connected to nothing; and so it would where its push service cannot be reached. Without the offer it connects to
 * the hub.
 *
 * Remembered in memory: after a restart it is offered once more, and withdrawn when the extension asks the next time.
 */
export class WebPushOffers {
  readonly #options: WebPushOffersOptions
  /** When each was first offered it, by user and device. Milliseconds since the Unix epoch. */
  readonly #offeredAtMs = new Map<string, number>()

  constructor(options: WebPushOffersOptions) {
    this.#options = options
  }

  /** `claims`: who asks; undefined when that is not known, as while an account is locked. Never rejects. */
  async isFor(claims: AccessClaims | undefined): Promise<boolean> {
    if (claims === undefined || clientTypeOfDevice(claims.devicetype) !== 'Browser') return true
    const { subscriptions, isReachable, clock, logger } = this.#options
    const { sub: userId, device: deviceId } = claims
    const key = `${userId} ${deviceId}`
    const now = clock.now()
    const offeredAtMs = this.#offeredAtMs.get(key) ?? now
    this.#offeredAtMs.delete(key)
    this.#offeredAtMs.set(key, offeredAtMs)
    if (this.#offeredAtMs.size > MAX_REMEMBERED) this.#offeredAtMs.delete(this.#offeredAtMs.keys().next().value!)
    if (now - offeredAtMs < SUBSCRIBES_WITHIN_MS) return true
    try {
      const subscription = await subscriptions.find(userId, deviceId)
      return subscription !== undefined && isReachable(subscription.endpoint)
    } catch (error) {
      logger.warn({ error: (error as Error).message }, 'cannot tell whether a browser has subscribed to Web Push')
      return true
    }
  }
}
