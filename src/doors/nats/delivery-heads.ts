import type { Message } from '#core'
import { hmsgHead, msgHead } from '#wire/nats'

/**
 * The control lines in front of one message, one for each sid: receivers with the same sid get the same string, which
 * is what lets their outboxes share the encoded bytes. A fan-out is one run without interruption, so remembering the
 * message in hand is enough.
 */
export class DeliveryHeads {
  #message: Message | undefined
  #firstSid = ''
  #firstHead = ''
  /** The heads for sids other than the first receiver's; most fan-outs have none. */
  readonly #otherHeads = new Map<string, string>()

  /** `MSG`, or `HMSG` for a message with headers. Hot: once per receiver. */
  of(message: Message, sid: string): string {
    if (message !== this.#message) {
      this.#message = message
      if (this.#otherHeads.size > 0) this.#otherHeads.clear()
      this.#firstSid = sid
      this.#firstHead = headOf(message, sid)
      return this.#firstHead
    }
    if (sid === this.#firstSid) return this.#firstHead
    let head = this.#otherHeads.get(sid)
    if (head === undefined) {
      head = headOf(message, sid)
      this.#otherHeads.set(sid, head)
    }
    return head
  }
}

function headOf({ subject, reply, body, headerBytes }: Message, sid: string): string {
  return headerBytes > 0
    ? hmsgHead(subject, sid, reply, headerBytes, body.length)
    : msgHead(subject, sid, reply, body.length)
}
