import type { ServerResponse } from 'node:http'
import type { Batch, Framing } from '#core'
import type { Clock, Timer } from '#kit'
import { type Carrier, type MessageReceiver, OutboundQueue, type RemoteAddress, remoteOf } from '#net'
import { NO_CACHE } from '../endpoint/answers.ts'
import { PostedMessages } from './posted-messages.ts'

/** How long a client may take for what is left when its connection was closed. */
const LINGER_MS = 2_000

const PREFIX = Buffer.from('data: ')
const SUFFIX = Buffer.from('\n\n')
const SPACE = 0x20

/** A comment. Proxies that wait for the beginning of the body before they pass on the headers have it at once. */
const OPENING = Buffer.from(':\n\n')

/**
 * Everything of one turn in one event. A line break would end it; in JSON, the only text that SignalR knows, it can stand
 * between tokens only, where a space is as good.
 */
export const EVENT_FRAMING: Framing = {
  encode(batch: Batch): Buffer {
    const event = Buffer.allocUnsafe(PREFIX.length + batch.byteLength + SUFFIX.length)
    PREFIX.copy(event)
    batch.copyTo(event, PREFIX.length)
    const data = event.subarray(PREFIX.length, PREFIX.length + batch.byteLength)
    for (const lineBreak of ['\n', '\r']) {
      for (let at = data.indexOf(lineBreak); at !== -1; at = data.indexOf(lineBreak, at)) data[at] = SPACE
    }
    SUFFIX.copy(event, PREFIX.length + batch.byteLength)
    return event
  },
}

export interface ServerSentEventsOptions {
  readonly clock: Clock
  /** A client that is sent something, and takes nothing for this long, has stalled. */
  readonly writeDeadlineMs: number
  /** Of what the client says at a time; bytes. */
  readonly maxMessageBytes: number
}

/** Server-Sent Events (HTML standard §9.2): one endless answer. What the client says comes by requests of its own. */
export class ServerSentEventsCarrier implements Carrier {
  readonly framing = EVENT_FRAMING
  /** For what the client says. */
  readonly posted: PostedMessages
  readonly remote: RemoteAddress
  readonly #response: ServerResponse
  readonly #options: ServerSentEventsOptions
  readonly #receiver: MessageReceiver
  readonly #queue: OutboundQueue
  #state: 'open' | 'closing' | 'gone' = 'open'
  #deadline: Timer | undefined
  #linger: Timer | undefined

  /** Answers at once. `createReceiver` is asked for what gets what the client says. */
  constructor(
    response: ServerResponse,
    options: ServerSentEventsOptions,
    createReceiver: (carrier: ServerSentEventsCarrier) => MessageReceiver,
  ) {
    this.remote = remoteOf(response.socket ?? {})
    this.#response = response
    this.#options = options
    this.#queue = new OutboundQueue(response)
    this.posted = new PostedMessages(options.maxMessageBytes, (data) => this.#receiver.onMessage(data, undefined))
    this.#receiver = createReceiver(this)
    response.on('error', () => {}) // It is gone then.
    response.once('close', () => this.#gone())
    response.writeHead(200, {
      ...NO_CACHE,
      'Content-Type': 'text/event-stream',
      // Nobody on the way may compress it or wait for more of it.
      'Cache-Control': `${NO_CACHE['Cache-Control']}, no-transform`,
      'X-Accel-Buffering': 'no',
    })
    this.#queue.write(OPENING)
  }

  get backlogBytes(): number {
    return this.#queue.byteLength
  }

  /** `bytes` are whole events, as `framing` makes them. */
  write(bytes: Buffer): void {
    if (this.#state !== 'open') return
    this.#queue.write(bytes)
    if (this.#deadline === undefined && this.#queue.byteLength > 0) this.#watch()
  }

  /** The client has broken a rule. */
  fail(error: Error): void {
    if (this.#state === 'open') this.#receiver.onClosing?.(error)
    this.close()
  }

  close(): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.posted.close()
    this.#queue.flush()
    this.#response.end()
    this.#linger = this.#options.clock.after(LINGER_MS, () => this.destroy())
  }

  destroy(): void {
    this.#response.destroy()
  }

  pause(isPaused: boolean): void {
    this.posted.pause(isPaused)
  }

  /** Armed only while something waits. */
  #watch(): void {
    const { progress } = this.#queue
    this.#deadline = this.#options.clock.after(this.#options.writeDeadlineMs, () => {
      this.#deadline = undefined
      if (this.#state === 'gone' || this.#queue.byteLength === 0) return
      if (this.#queue.progress === progress) this.#receiver.onStalled()
      else this.#watch()
    })
  }

  #gone(): void {
    this.#state = 'gone'
    this.posted.close()
    this.#deadline?.cancel()
    this.#linger?.cancel()
    this.#receiver.onClosed(undefined)
  }
}
