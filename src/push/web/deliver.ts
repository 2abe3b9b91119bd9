import { STATUS_CODES } from 'node:http'
import type { Clock, Logger } from '#kit'
import { BlockedError, type GuardedPost, type GuardRules, type PostAnswer, plainText, pushServiceOf } from '#net'
import type { WebPushAddress, WebPushSubscription, WebPushSubscriptions } from '#store'
import type { Deliver, Outcome } from '../push.ts'
import { retryAfterMs } from '../retry-after.ts'
import { messageFor, type WebPushMessage } from './message.ts'
import type { PushServices } from './push-services.ts'
import type { Vapid } from './vapid.ts'

export interface WebPushDeliveryOptions {
  readonly subscriptions: Pick<WebPushSubscriptions, 'find' | 'delete'>
  readonly post: GuardedPost
  /** Those of `post`. */
  readonly rules: GuardRules
  readonly vapid: Vapid
  readonly services: PushServices
  readonly clock: Clock
  readonly logger: Logger
}

/** For one attempt. */
const TIMEOUT_MS = 15_000

/** Statuses that say something of the push service, and nothing of the push. 406 is Microsoft's word for 429. */
const BUSY = new Set([406, 408, 425, 429])

/** Tells browsers by way of their push services. RFC 8030, 8291 */
export class WebPushDelivery {
  readonly #options: WebPushDeliveryOptions

  constructor(options: WebPushDeliveryOptions) {
    this.#options = options
  }

  readonly deliver: Deliver = async (push, signal) => {
    const { subscriptions, clock } = this.#options
    const { to } = push
    if (to.kind !== 'browser') return { kind: 'refused', why: 'it is for no browser' }
    const message = messageFor(push, to, clock.now())
    if (message === undefined) return { kind: 'refused', why: 'it comes too late' }
    let subscription: WebPushSubscription | undefined
    try {
      // Anew each time: the browser may have moved on since the push was queued.
      subscription = await subscriptions.find(to.userId, to.deviceId)
    } catch (error) {
      return { kind: 'busy', why: `the database does not answer: ${(error as Error).message}` }
    }
    return subscription === undefined ? { kind: 'gone' } : this.#send(subscription, to.origin, message, signal)
  }

  async #send(
    subscription: WebPushSubscription,
    origin: string,
    message: WebPushMessage,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { post, vapid, rules, services } = this.#options
    let url: URL
    let body: Buffer
    try {
      url = pushServiceOf(subscription.endpoint, rules)
    } catch (error) {
      // It was checked when the browser told it, but the rules may be others since.
      services.onForbidden(new URL(subscription.endpoint).origin)
      return { kind: 'refused', why: (error as Error).message }
    }
    // Of each push service no more is asked at a time than it can bear, and whoever waits for one waits for that.
    if (url.origin !== origin) return { kind: 'moved', origin: url.origin }
    try {
      body = await encrypted(message.content, subscription)
    } catch (error) {
      return { kind: 'refused', why: (error as Error).message }
    }
    const { ttlSeconds, urgency, topic } = message
    const headers = {
      Authorization: await vapid.authorization(url.origin),
      'Content-Type': 'application/octet-stream',
      'Content-Encoding': 'aes128gcm',
      TTL: ttlSeconds,
      Urgency: urgency,
      ...(topic !== undefined && { Topic: topic }),
    }
    let answer: PostAnswer
    try {
      answer = await post.send(url, { body, headers, timeoutMs: TIMEOUT_MS, signal })
    } catch (error) {
      signal.throwIfAborted()
      // Names of push services that lead nowhere are as good as a firewall.
      services.onFailure(url.origin)
      // There may be words of its in it: whose certificate it has, say.
      const why = plainText((error as Error).message)
      return { kind: error instanceof BlockedError ? 'refused' : 'busy', why }
    }
    services.onAnswer(url.origin)
    return this.#judge(answer, url.origin, subscription)
  }

  async #judge({ status, headers }: PostAnswer, origin: string, subscription: WebPushSubscription): Promise<Outcome> {
    const { vapid, clock } = this.#options
    if (status >= 200 && status < 300) return { kind: 'sent' }
    const why = `HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trim()
    if (status === 404 || status === 410) {
      await this.#forget(subscription)
      return { kind: 'gone' }
    }
    if (status >= 500 || BUSY.has(status)) {
      const afterMs = retryAfterMs(headers['retry-after'], clock.now())
      return { kind: 'busy', why, ...(afterMs !== undefined && { afterMs }) }
    }
    if (status === 401 || status === 403) {
      vapid.forget(origin)
      return {
        kind: 'refused',
        why: `${why} (is this clock right, and vapid_key.pem what the browser subscribed with?)`,
      }
    }
    return { kind: 'refused', why }
  }

  /** Not if it has told another one meanwhile. What cannot be deleted now is answered in the same way next time. */
  async #forget({ userId, deviceId, endpoint }: WebPushSubscription): Promise<void> {
    const { subscriptions, logger } = this.#options
    try {
      await subscriptions.delete(userId, deviceId, endpoint)
    } catch (error) {
      logger.warn({ userId, deviceId, error }, 'a subscription that is over could not be deleted')
    }
  }
}

/** RFC 8291. What does it is loaded with the first push: many servers never have one. */
async function encrypted(content: Buffer, { p256dh, auth }: WebPushAddress): Promise<Buffer> {
  const { default: webPush } = await import('web-push')
  return webPush.encrypt(p256dh, auth, content, 'aes128gcm').cipherText
}
