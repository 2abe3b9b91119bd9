import type { ServerResponse } from 'node:http'
import type { Framing } from '#core'
import type { Clock, Timer } from '#kit'
import { type Carrier, type MessageReceiver, type RemoteAddress, remoteOf } from '#net'
import { NO_CACHE } from '../endpoint/answers.ts'
import { PostedMessages } from './posted-messages.ts'

/** How long a poll waits for something to say. Proxies give up after 60 s, clients after 100 s. spec: hub §1.7 */
const POLL_MS = 50_000

/** How long a client may take to fetch what is left when its connection was closed. */
const LINGER_MS = 5_000

/** As it is. */
const NO_FRAMING: Framing = {
  encode(batch) {
    const bytes = Buffer.allocUnsafe(batch.byteLength)
    batch.copyTo(bytes, 0)
    return bytes
  },
}

const NO_BYTES = Buffer.alloc(0)

export interface LongPollingOptions {
  readonly clock: Clock
  /** A client that does not take an answer for this long has stalled. */
  readonly writeDeadlineMs: number
  /** A client that does not ask for this long is gone. */
  readonly maxAbsenceMs: number
  /** Of what the client says at a time; bytes. */
  readonly maxMessageBytes: number
}

/** A request that waits for something to say. */
interface Poll {
  readonly response: ServerResponse
  readonly timeout: Timer
}

/**
 * Long polling: the client asks, and is answered when there is something to say; until it asks again what there is to say
 * waits here. What the client says comes by requests of its own. spec: hub §1.10
 */
export class LongPollingCarrier implements Carrier {
  readonly framing = NO_FRAMING
  /** For what the client says. */
  readonly posted: PostedMessages
  readonly remote: RemoteAddress
  readonly #options: LongPollingOptions
  readonly #receiver: MessageReceiver
  /** Bounded by whoever writes, who can see `backlogBytes`. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Answers that the operating system has not taken yet, by their length. */
  readonly #unsent = new Map<ServerResponse, number>()
  /** While there is one, nothing waits. */
  #poll: Poll | undefined
  #state: 'open' | 'closing' | 'gone' = 'open'
  /** Until the client has to be back. */
  #patience: Timer | undefined

  /** `first` is answered at once, so that the client can begin. `createReceiver` is asked for what gets what it says. */
  constructor(
    first: ServerResponse,
    options: LongPollingOptions,
    createReceiver: (carrier: LongPollingCarrier) => MessageReceiver,
  ) {
    this.remote = remoteOf(first.socket ?? {})
    this.#options = options
    this.posted = new PostedMessages(options.maxMessageBytes, (data) => this.#receiver.onMessage(data, undefined))
    this.#receiver = createReceiver(this)
    this.#answer(first, NO_BYTES)
  }

  get backlogBytes(): number {
    let bytes = this.#waitingBytes
    for (const length of this.#unsent.values()) bytes += length
    return bytes
  }

  write(bytes: Buffer): void {
    if (this.#state !== 'open') return
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    const poll = this.#takePoll()
    if (poll !== undefined) this.#answerWhatWaits(poll)
  }

  askTaken(): void {
    // It came back for more when it had the last answer. Who has yet to come back says so by that.
    if (this.#poll !== undefined && this.backlogBytes === 0) this.#receiver.onTaken?.()
  }

  /** The client asks what there is to say. */
  poll(response: ServerResponse): void {
    this.#endPoll()
    this.#patience?.cancel()
    this.#patience = undefined
    // It asks again when it has the last answer.
    if (this.#state === 'open' && this.backlogBytes === 0) this.#receiver.onTaken?.()
    if (this.#waitingBytes > 0) this.#answerWhatWaits(response)
    else if (this.#state === 'open') this.#hold(response)
    else this.#dismiss(response)
  }

  /** The client has broken a rule. */
  fail(error: Error): void {
    if (this.#state === 'open') this.#receiver.onClosing?.(error)
    this.close()
  }

  /** The client takes its leave. */
  leave(): void {
    if (this.#state === 'open') this.#receiver.onClosing?.(undefined)
    this.#gone(undefined)
  }

  close(): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.posted.close()
    const poll = this.#takePoll()
    if (poll !== undefined) {
      this.#dismiss(poll)
      return
    }
    this.#patience?.cancel()
    this.#patience = this.#options.clock.after(LINGER_MS, () => this.#gone(undefined))
  }

  destroy(): void {
    this.#gone(undefined)
    for (const response of this.#unsent.keys()) response.destroy()
  }

  pause(isPaused: boolean): void {
    this.posted.pause(isPaused)
  }

  #hold(response: ServerResponse): void {
    const timeout = this.#options.clock.after(POLL_MS, () => {
      this.#poll = undefined
      this.#answer(response, NO_BYTES)
    })
    this.#poll = { response, timeout }
    response.on('error', () => {})
    response.once('close', () => {
      if (this.#poll?.response !== response) return
      this.#takePoll()
      this.#awaitPoll()
    })
  }

  #takePoll(): ServerResponse | undefined {
    const poll = this.#poll
    this.#poll = undefined
    poll?.timeout.cancel()
    return poll?.response
  }

  /** A poll that another has taken the place of: its client has given up on it. */
  #endPoll(): void {
    const poll = this.#takePoll()
    if (poll !== undefined) end(poll)
  }

  #answerWhatWaits(response: ServerResponse): void {
    const [first, ...others] = this.#waiting
    const body = others.length === 0 ? first! : Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#waitingBytes = 0
    this.#answer(response, body)
  }

  /** When the answer is out, the client has to come back. If it is lost, so is the connection: there would be a gap. */
  #answer(response: ServerResponse, body: Buffer): void {
    const { clock, writeDeadlineMs } = this.#options
    this.#unsent.set(response, body.length)
    const deadline = clock.after(writeDeadlineMs, () => {
      this.#receiver.onStalled()
      response.destroy()
    })
    let isSent = false
    response.on('error', () => {})
    response.once('finish', () => {
      isSent = true
    })
    response.once('close', () => {
      deadline.cancel()
      this.#unsent.delete(response)
      if (isSent || body.length === 0) this.#awaitPoll()
      else this.#gone(new Error('The answer to a poll was cut off'))
    })
    const type = body.length === 0 ? 'text/plain' : 'application/octet-stream'
    response.writeHead(200, { ...NO_CACHE, 'Content-Type': type, 'Content-Length': body.length }).end(body)
  }

  #awaitPoll(): void {
    if (this.#state === 'gone' || this.#poll !== undefined) return
    const { clock, maxAbsenceMs } = this.#options
    this.#patience ??= clock.after(this.#state === 'open' ? maxAbsenceMs : LINGER_MS, () => this.#gone(undefined))
  }

  /** There is nothing more to say. */
  #dismiss(response: ServerResponse): void {
    end(response)
    this.#gone(undefined)
  }

  #gone(error: Error | undefined): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.posted.close()
    this.#patience?.cancel()
    this.#endPoll()
    this.#waiting = []
    this.#waitingBytes = 0
    this.#receiver.onClosed(error)
  }
}

/** Tells a client not to ask again. */
function end(response: ServerResponse): void {
  response.on('error', () => {})
  response.writeHead(204, NO_CACHE).end()
}
