import { type Account, isLiteralSubject, isValidSubject, Message, Outbox, type Peer, Subscription } from '#core'
import type { Logger } from '#kit'
import type { Carrier, StreamReceiver } from '#net'
import {
  type ClientHandler,
  ClientParser,
  errLine,
  infoLine,
  NatsProtocolError,
  noRespondersHeader,
  OK_LINE,
  PING_LINE,
  PONG_LINE,
} from '#wire/nats'
import { type CloseReason, WEBSOCKET_CLOSE_CODE } from './close-reason.ts'
import { BEFORE_CONNECT, type ConnectOptions, parseConnect } from './connect-options.ts'
import type { DoorContext } from './context.ts'
import { PROTOCOL_ERRORS } from './protocol-errors.ts'

const CRLF = '\r\n'

/** What nats-server waits before it first asks a new client for a sign of life, unless the interval is shorter. */
const FIRST_PING_MS = 2_000

/**
 * How long a client is not read from when what it publishes fills the outbox of a receiver: long enough for healthy
 * receivers to catch up, and nothing beside the time that a receiver which reads no more has until it is cut off. What
 * nats-server takes at most for each read.
 */
const STALL_MS = 10

/**
 * One NATS client, over whichever carrier. Reads operations, keeps its subscriptions, and is the peer to which the
 * account delivers.
 */
export class ClientConnection implements Peer, ClientHandler, StreamReceiver {
  readonly id: number
  readonly #context: DoorContext
  readonly #account: Account
  readonly #carrier: Carrier
  readonly #outbox: Outbox
  readonly #parser: ClientParser
  readonly #log: Logger
  readonly #subscriptions = new Map<string, Subscription>()
  #options: ConnectOptions = BEFORE_CONNECT
  #isClosed = false
  #isStalled = false
  #lastReadAt: number
  #nextPingAt: number
  /** The first PING is sent whatever the client does: clients take it for the end of their login. */
  #wasPinged = false
  #pingsOut = 0

  constructor(id: number, carrier: Carrier, account: Account, context: DoorContext) {
    const { limits, clock } = context
    this.id = id
    this.#context = context
    this.#account = account
    this.#carrier = carrier
    this.#outbox = new Outbox(context.turn, carrier, limits.maxPendingBytes, () =>
      this.#cutOff('Slow Consumer (Pending Bytes)'),
    )
    this.#parser = new ClientParser(limits, this)
    this.#log = context.logger.child({ client: id, address: carrier.remote.address })
    this.#lastReadAt = clock.now()
    this.#nextPingAt = this.#lastReadAt + jittered(Math.min(FIRST_PING_MS, limits.pingIntervalMs), context.random)
  }

  /** INFO is the first thing a client hears. */
  greet(info: object): void {
    this.#outbox.appendText(infoLine(info))
  }

  /** Ends the connection: queued messages, `errorText` as `-ERR`, then the transport's farewell with the reason. */
  close(reason: CloseReason, errorText?: string): void {
    if (this.#isClosed) return
    if (errorText !== undefined) this.#outbox.appendText(errLine(errorText))
    this.#outbox.flush()
    this.#leave(reason)
    this.#carrier.close(WEBSOCKET_CLOSE_CODE[reason], reason)
  }

  /**
   * Asks for a sign of life when it is time to, and gives up on a client that left too many PINGs unanswered. Called
   * by the door about once a second.
   */
  checkLife(now: number): void {
    if (this.#isClosed || now < this.#nextPingAt) return
    const { pingIntervalMs, pingMax } = this.#context.limits
    this.#nextPingAt = now + pingIntervalMs
    if (this.#wasPinged && now - this.#lastReadAt < pingIntervalMs) return
    this.#wasPinged = true
    if (++this.#pingsOut > pingMax) this.close('Stale Connection', 'Stale Connection')
    else this.#outbox.appendText(PING_LINE)
  }

  // --- Peer -----------------------------------------------------------------------------------------------------

  /** Hot: once per receiver. bench/fanout.ts */
  send(subscription: Subscription, message: Message): void {
    if (this.#isClosed) return
    const heads = this.#context.heads
    if (message.headerBytes > 0 && !this.#options.headers) {
      const bare = new Message(message.subject, message.payload, message.reply)
      this.#outbox.append(heads.of(bare, subscription.sid), bare.body, CRLF)
    } else {
      this.#outbox.append(heads.of(message, subscription.sid), message.body, CRLF)
    }
    if (this.#outbox.isCrowded) this.#context.congestion.mark()
    if (subscription.maxDeliveries !== 0 && subscription.delivered >= subscription.maxDeliveries) {
      this.#subscriptions.delete(subscription.sid)
    }
  }

  // --- StreamReceiver -------------------------------------------------------------------------------------------

  onBytes(bytes: Buffer): void {
    if (this.#isClosed) return
    this.#lastReadAt = this.#context.clock.now()
    try {
      this.#parser.feed(bytes)
    } catch (error) {
      if (!(error instanceof NatsProtocolError)) throw error
      const { text, reason } = PROTOCOL_ERRORS[error.code]
      this.#log.debug({ reason: error.message }, 'protocol error')
      this.close(reason, text)
    }
  }

  onStalled(): void {
    this.#cutOff('Slow Consumer (Write Deadline)')
  }

  /** From here on it gets nothing any more: a member of a queue group must not take what others could have. */
  onClosing(error: Error | undefined): void {
    this.#outbox.flush()
    this.#leave(error === undefined ? 'Client Closed' : 'Read Error')
  }

  onClosed(error: Error | undefined): void {
    this.#leave(error === undefined ? 'Client Closed' : 'Read Error')
    this.#context.onGone(this)
  }

  // --- ClientHandler --------------------------------------------------------------------------------------------

  onConnect(json: string): void {
    const options = parseConnect(json)
    // nats-server closes without a word on a CONNECT it cannot read.
    if (options === undefined) {
      this.close('Protocol Violation')
      return
    }
    this.#options = options
    if (options.asksForAccount) this.close('Authentication Failure', 'Authorization Violation')
    else if (options.protocol !== 0 && options.protocol !== 1) {
      this.close('Bad Client Protocol Version', 'invalid client protocol')
    } else if (options.noResponders && !options.headers) {
      this.close('No Responders Requires Headers', 'no responders requires headers support')
    } else this.#acknowledge()
  }

  /** Hot: once per publish. bench/fanout.ts */
  onPublish(subject: string, reply: string, body: Buffer, headerBytes: number): void {
    const options = this.#options
    if (headerBytes > 0 && !options.headers) {
      this.close('Protocol Violation')
      return
    }
    if (options.pedantic && !(isValidSubject(subject) && isLiteralSubject(subject))) {
      this.#outbox.appendText(errLine('Invalid Publish Subject'))
    }
    if (options.verbose) this.#outbox.appendText(OK_LINE)
    const delivered = this.#account.publish(
      new Message(subject, body, reply, headerBytes),
      options.echo ? undefined : this,
    )
    if (delivered === 0 && reply !== '' && options.noResponders) {
      const header = noRespondersHeader(subject)
      this.#account.publishTo(this, new Message(reply, header, '', header.length))
    }
    if (this.#context.congestion.take()) this.#stall()
  }

  onSubscribe(subject: string, queue: string, sid: string): void {
    const { maxSubscriptions } = this.#context.limits
    // A sid in use stays what it is; nats-server does not complain either.
    if (this.#subscriptions.has(sid)) this.#acknowledge()
    else if (!isValidSubject(subject)) this.#complain('Invalid Subject')
    else if (maxSubscriptions > 0 && this.#subscriptions.size >= maxSubscriptions) {
      this.#complain('maximum subscriptions exceeded')
    } else {
      const subscription = new Subscription(this, subject, sid, queue)
      this.#subscriptions.set(sid, subscription)
      this.#account.subscribe(subscription)
      this.#acknowledge()
    }
  }

  onUnsubscribe(sid: string, max: number): void {
    const subscription = this.#subscriptions.get(sid)
    if (subscription !== undefined) {
      if (max > subscription.delivered) {
        subscription.maxDeliveries = max
      } else {
        this.#subscriptions.delete(sid)
        this.#account.unsubscribe(subscription)
      }
    }
    this.#acknowledge()
  }

  onPing(): void {
    this.#outbox.appendText(PONG_LINE)
  }

  onPong(): void {
    this.#pingsOut = 0
  }

  // --------------------------------------------------------------------------------------------------------------

  #acknowledge(): void {
    if (this.#options.verbose) this.#outbox.appendText(OK_LINE)
  }

  /** What the client has yet to say waits at its own end meanwhile. The read in hand is finished. */
  #stall(): void {
    if (this.#isStalled || this.#isClosed) return
    this.#isStalled = true
    this.#carrier.pause(true)
    this.#context.clock.after(STALL_MS, () => {
      this.#isStalled = false
      this.#carrier.pause(false)
    })
  }

  /** An error that the client is told of and survives. */
  #complain(text: string): void {
    this.#outbox.appendText(errLine(text))
  }

  /** A client that does not read gets no farewell: there is no room to say it in. */
  #cutOff(reason: CloseReason): void {
    if (this.#isClosed) return
    this.#leave(reason)
    this.#carrier.destroy()
  }

  #leave(reason: CloseReason): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#parser.stop()
    this.#outbox.close()
    for (const subscription of this.#subscriptions.values()) this.#account.unsubscribe(subscription)
    this.#subscriptions.clear()
    if (reason.startsWith('Slow Consumer')) this.#log.warn({ reason }, 'client closed')
    else this.#log.debug({ reason }, 'client closed')
  }
}

/** Up to a fifth longer, so that clients that came together are not asked together. */
function jittered(ms: number, random: (below: number) => number): number {
  return ms + random(Math.floor(ms / 5) + 1)
}
