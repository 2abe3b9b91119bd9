import type { Message } from './message.ts'
import type { Subscription } from './subscription.ts'

/** A connected party as the core sees it. Each door supplies one per connection; reading is the door's business. */
export interface Peer {
  /**
   * Queues a message. Never blocks, never throws: it runs inside the fan-out loop, where one peer's
   * trouble must not cost another its message. A peer that falls behind is closed by its own queue.
   */
  send(subscription: Subscription, message: Message): void
}
