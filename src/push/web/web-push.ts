import type { Clock, Logger } from '#kit'
import { GuardedPost, type GuardRules, type GuardTools } from '#net'
import type { WebPushSubscriptions } from '#store'
import type { Deliver } from '../push.ts'
import { WebPushDelivery } from './deliver.ts'
import { PushServices } from './push-services.ts'
import { Vapid } from './vapid.ts'
import type { VapidKey } from './vapid-key.ts'

export interface WebPushOptions {
  readonly key: VapidKey
  /** A `mailto:` or `https:` URL, for push services. */
  readonly contact: string
  readonly subscriptions: Pick<WebPushSubscriptions, 'find' | 'delete'>
  /** Which push services may be asked: browsers name them. */
  readonly rules: GuardRules
  readonly clock: Clock
  readonly logger: Logger
  /** For tests. */
  readonly tools?: Omit<GuardTools, 'clock'> | undefined
}

/** Web Push, as the rest of the server sees it. */
export class WebPush {
  readonly deliver: Deliver
  readonly #publicKey: string
  readonly #services: PushServices
  readonly #post: GuardedPost

  constructor({ key, contact, subscriptions, rules, clock, logger, tools }: WebPushOptions) {
    this.#publicKey = key.publicKey
    this.#services = new PushServices({ clock, logger })
    this.#post = new GuardedPost(rules, { clock, ...tools })
    const delivery = new WebPushDelivery({
      subscriptions,
      post: this.#post,
      rules,
      vapid: new Vapid({ key, contact, clock }),
      services: this.#services,
      clock,
      logger,
    })
    this.deliver = delivery.deliver
  }

  /** What browsers are told to subscribe with. Undefined: that there is no Web Push at the moment. */
  get publicKey(): string | undefined {
    return this.#services.isAnyReachable ? this.#publicKey : undefined
  }

  /** Whether what has subscribed at that endpoint can be told at the moment. */
  isReachable(endpoint: string): boolean {
    return this.#services.isReachable(new URL(endpoint).origin)
  }

  /** After the last push. */
  close(): void {
    this.#post.close()
  }
}
