import { Message, Outbox, type Subscription } from '#core'
import type { Carrier } from '#net'
import { errLine, infoLine, OK_LINE, PING_LINE, PONG_LINE } from '#wire/nats'
import type { ClientLog } from './client-log.ts'
import type { DoorContext } from './context.ts'

const CRLF = '\r\n'

/** What one client is told. */
export class ClientOutput {
  /** Messages and their bytes, headers included, that were queued for it. */
  messages = 0
  bytes = 0
  readonly #context: DoorContext
  readonly #outbox: Outbox
  readonly #log: ClientLog

  /** `onOverflow`: more would have to wait than may. It is called within a fan-out. */
  constructor(carrier: Carrier, context: DoorContext, { log, onOverflow }: { log: ClientLog; onOverflow: () => void }) {
    this.#context = context
    this.#log = log
    this.#outbox = new Outbox(context.turn, carrier, context.limits.maxPendingBytes, onOverflow)
  }

  get pendingBytes(): number {
    return this.#outbox.pendingBytes
  }

  set maxPendingBytes(bytes: number) {
    this.#outbox.maxPendingBytes = bytes
  }

  /** Returns whether it was queued. Hot: once per receiver. bench/fanout.ts */
  deliver(subscription: Subscription, message: Message, takesHeaders: boolean): boolean {
    const { heads, limits, congestion } = this.#context
    const outbox = this.#outbox
    if (!limits.stallsFastProducers && outbox.isBehind) return false
    const sent = message.headerBytes > 0 && !takesHeaders ? withoutHeaders(message) : message
    const head = heads.of(sent, subscription.sid)
    outbox.append(head, sent.body, CRLF)
    this.messages++
    this.bytes += sent.body.length
    if (outbox.isCrowded) congestion.mark()
    if (this.#log.isTracing) this.#log.sentMessage(head, sent)
    return true
  }

  info(info: object): void {
    this.#outbox.appendText(infoLine(info))
  }

  ok(): void {
    this.#outbox.appendText(OK_LINE)
    this.#log.sent('OK')
  }

  ping(): void {
    this.#outbox.appendText(PING_LINE)
    this.#log.sent('PING')
  }

  pong(): void {
    this.#outbox.appendText(PONG_LINE)
    this.#log.sent('PONG')
  }

  error(text: string): void {
    this.#outbox.appendText(errLine(text))
    this.#log.sent('-ERR', text)
  }

  /** Hands everything over to the carrier now. */
  flush(): void {
    this.#outbox.flush()
  }

  /** Nothing more is said, and what was not handed over never will be. */
  close(): void {
    this.#outbox.close()
  }
}

/** What those get who do not do headers. */
function withoutHeaders(message: Message): Message {
  return new Message(message.subject, message.payload, message.reply)
}
