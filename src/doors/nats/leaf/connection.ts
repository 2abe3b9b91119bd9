import { type Account, Outbox, type Requestor } from '#core'
import type { Logger } from '#kit'
import type { Carrier, StreamReceiver } from '#net'
import { type LeafHandler, LeafParser, NatsProtocolError } from '#wire/nats'
import { ClientLog } from '../client-log.ts'
import { ClientOutput } from '../client-output.ts'
import { type CloseReason, WEBSOCKET_CLOSE_CODE } from '../close-reason.ts'
import type { NatsLimits } from '../context.ts'
import { Life } from '../life.ts'
import { PROTOCOL_ERRORS, transportErrorAnswer } from '../protocol-errors.ts'
import { Reading } from '../reading.ts'
import type { LeafContext } from './context.ts'
import { LeafLink, type LeafLinkOptions, type LinkHost } from './link.ts'

/** Servers write longer lines than clients: a message may name many queue groups. nats-server's factor. */
const CONTROL_LINE_FACTOR = 16

/** Bytes. Another server may allow larger messages than we do to clients: this much is taken in any case. */
export const MAX_LEAF_PAYLOAD_BYTES = 64 * 1024 * 1024

/** See `STALL_MS` of the clients. */
const STALL_MS = 10

/** What both sides say before there is a link, and beside it: one for each way to become one. */
export interface LeafHandshake {
  onInfo(json: string): void
  onConnect(json: string): void
  /** Something else than CONNECT comes from a server that has yet to say who it is. */
  onUninvited(): void
  /** The other side complains, with the text of its `-ERR`. */
  onError(text: string): void
  /** It has found out, or was told, that the two stand in a loop. */
  onLoop(): void
  /** The other side brings or wants what it may not, and the connection is about to be closed for it. */
  onViolation?(text: string): void
  /** The connection takes no part any more. */
  onEnd(reason: CloseReason): void
  /** As services of other accounts are told who asks. */
  requestor(): Requestor
}

export interface LeafConnectionOptions {
  readonly id: number
  readonly carrier: Carrier
  readonly context: LeafContext
  readonly isWebSocket: boolean
  /** Nothing but CONNECT is taken from who has yet to say who it is. */
  readonly awaitsConnect: boolean
  readonly pingIntervalMs: () => number
  /** Default: where everything of the door is logged, and the refusals of strangers where those are. */
  readonly logger?: Logger
  /** What becomes of a link that takes nothing before the write deadline; default: as with clients. */
  readonly writeTimeoutPolicy?: NatsLimits['writeTimeoutPolicy'] | undefined
  readonly handshake: (connection: LeafConnection) => LeafHandshake
}

/** One leaf node connection over whichever carrier, from its first byte to its last, whoever made it. */
export class LeafConnection implements StreamReceiver, LeafHandler, LinkHost {
  readonly id: number
  readonly carrier: Carrier
  readonly output: ClientOutput
  readonly log: ClientLog
  readonly outbox: Outbox
  readonly isWebSocket: boolean
  readonly startMs: number
  readonly life: Life
  readonly #context: LeafContext
  readonly #reading: Reading
  readonly #parser: LeafParser
  readonly #pingIntervalMs: () => number
  readonly #writeTimeoutPolicy: NatsLimits['writeTimeoutPolicy'] | undefined
  readonly #handshake: LeafHandshake
  #link: LeafLink | undefined
  #hasLeft = false
  #lastActivityMs: number

  constructor(options: LeafConnectionOptions) {
    const { id, carrier, context, isWebSocket, awaitsConnect, pingIntervalMs, writeTimeoutPolicy, handshake } = options
    const { logger = context.logger } = options
    const { limits, clock, turn } = context
    const { address, port } = carrier.remote
    this.id = id
    this.carrier = carrier
    this.isWebSocket = isWebSocket
    this.#context = context
    this.#reading = new Reading(carrier)
    this.log = new ClientLog(
      { leaf: id, address, port, ...(isWebSocket && { connectionType: 'LEAFNODE_WS' }) },
      { logger, refusals: options.logger ?? context.refusals, trace: context.trace },
    )
    this.outbox = new Outbox(turn, carrier, limits.maxPendingBytes, () => this.#cutOff('Slow Consumer (Pending Bytes)'))
    this.output = new ClientOutput(this.outbox, this.log)
    this.#parser = new LeafParser(this.#limits, this)
    this.#parser.awaitsConnect = awaitsConnect
    this.startMs = clock.now()
    this.#lastActivityMs = this.startMs
    this.#pingIntervalMs = pingIntervalMs
    this.#writeTimeoutPolicy = writeTimeoutPolicy
    this.life = new Life(this.startMs, pingIntervalMs())
    this.#handshake = handshake(this)
  }

  /** Whether it takes no part any more, though it may still be saying goodbye. */
  get hasLeft(): boolean {
    return this.#hasLeft
  }

  /** `undefined` until both sides know each other. */
  get link(): LeafLink | undefined {
    return this.#link
  }

  get lastActivityMs(): number {
    return this.#lastActivityMs
  }

  get pingIntervalMs(): number {
    return this.#pingIntervalMs()
  }

  /** Both sides know each other: `account` is what they share from now on. */
  establish(
    account: Account,
    options: Pick<LeafLinkOptions, 'otherSide' | 'isHub' | 'isIsolated' | 'rules' | 'covers'>,
  ): LeafLink {
    const { clock, random } = this.#context
    this.#parser.awaitsConnect = false
    const link = new LeafLink({
      ...options,
      account,
      host: this,
      context: this.#context,
      outbox: this.outbox,
      output: this.output,
    })
    this.#link = link
    this.life.connected(clock.now(), this.pingIntervalMs, random)
    this.log.describe({ account: account.name, server: options.otherSide.name })
    link.begin()
    return link
  }

  limitsChanged(): void {
    this.#parser.limits = this.#limits
    this.outbox.maxPendingBytes = this.#context.limits.maxPendingBytes
  }

  /** Ends the connection: queued messages, `errorText` as `-ERR`, then the transport's farewell with the reason. */
  close(reason: CloseReason, errorText?: string): void {
    if (this.#hasLeft) return
    if (errorText !== undefined) this.output.error(errorText)
    this.outbox.flush()
    this.#leave(reason)
    this.carrier.close(WEBSOCKET_CLOSE_CODE[reason], reason)
  }

  /** See `ClientConnection.checkLife`. */
  checkLife(now: number): void {
    if (this.#hasLeft) return
    const { pingMax } = this.#context.limits
    const due = this.life.check(now, { pingIntervalMs: this.pingIntervalMs, pingMax })
    if (due === 'ping') this.output.ping()
    else if (due === 'stale') this.close('Stale Connection', 'Stale Connection')
  }

  /** Nothing is read until `goOn`. */
  wait(): void {
    this.#parser.pause()
    this.#reading.hold()
  }

  /** Does `work` outside of any read, then reads on with what came in meanwhile. */
  goOn(work: () => void): void {
    this.guard(work)
    this.guard(() => this.#parse())
    this.#reading.release()
  }

  /** What is thrown outside of any read would be nobody's. */
  guard(work: () => void): void {
    if (this.#hasLeft) return
    try {
      work()
    } catch (error) {
      this.log.error({ error }, 'connection failed')
      this.carrier.destroy()
    }
  }

  // --- StreamReceiver -------------------------------------------------------------------------------------------

  get isStranger(): boolean {
    return this.#parser.awaitsConnect
  }

  onBytes(bytes: Buffer): void {
    if (this.#hasLeft) return
    const now = this.#context.clock.now()
    this.#context.recently = now
    this.#lastActivityMs = now
    this.life.heard(now)
    this.#parse(bytes)
  }

  onStalled(): void {
    if ((this.#writeTimeoutPolicy ?? this.#context.limits.writeTimeoutPolicy) === 'close')
      this.#cutOff('Slow Consumer (Write Deadline)')
  }

  onClosing(error: Error | undefined): void {
    if (this.#hasLeft) return
    const { text, reason } = transportErrorAnswer(error)
    if (text !== undefined) this.output.error(text)
    this.outbox.flush()
    this.#leave(reason)
  }

  onClosed(error: Error | undefined): void {
    this.#leave(transportErrorAnswer(error).reason)
    this.#context.onGone(this)
  }

  // --- LeafHandler ----------------------------------------------------------------------------------------------

  onInfo(json: string): void {
    this.log.received('INFO', json)
    this.#handshake.onInfo(json)
  }

  onConnect(json: string): void {
    this.log.received('CONNECT', json)
    this.#handshake.onConnect(json)
  }

  onUninvited(): void {
    this.#handshake.onUninvited()
  }

  onInterest(subject: string, queue: string, weight: number): void {
    if (this.log.isTracing) this.log.received('LS+', queue === '' ? subject : `${subject} ${queue} ${weight}`)
    this.#linked?.onInterest(subject, queue, weight)
  }

  onNoInterest(subject: string, queue: string): void {
    if (this.log.isTracing) this.log.received('LS-', queue === '' ? subject : `${subject} ${queue}`)
    this.#linked?.onNoInterest(subject, queue)
  }

  onMessage(subject: string, reply: string, queues: readonly string[], body: Buffer, headerBytes: number): void {
    if (this.log.isTracing) this.log.received('LMSG', [subject, reply, ...queues, body.length].join(' '))
    this.#linked?.onMessage(subject, reply, queues, body, headerBytes)
  }

  onPing(): void {
    this.log.received('PING')
    this.output.pong()
  }

  onPong(): void {
    this.log.received('PONG')
    this.life.ponged(this.#context.recently)
  }

  onError(text: string): void {
    this.#handshake.onError(text)
  }

  // --- LinkHost -------------------------------------------------------------------------------------------------

  loopDetected(): void {
    this.#handshake.onLoop()
  }

  /** A spoke hears so of its hub only by its own deny lists, which are no fault of the hub's. */
  violated(action: 'Publish' | 'Subscription', subject: string): void {
    if (this.#link?.isHub !== true) return
    const text = `Permissions Violation for ${action} to "${subject}"`
    this.log.error({ reason: `${action} Violation on "${subject}"` }, 'leaf node did what it may not')
    this.#handshake.onViolation?.(text)
    this.close('Protocol Violation', text)
  }

  tooManySubscriptions(): void {
    this.close('Maximum Subscriptions Exceeded', 'maximum subscriptions exceeded')
  }

  slowDown(): void {
    if (!this.#hasLeft) this.#reading.holdFor(STALL_MS, this.#context.clock)
  }

  requestor(): Requestor {
    return this.#handshake.requestor()
  }

  // --------------------------------------------------------------------------------------------------------------

  /** Whoever speaks of subjects before there is a link is told off. */
  get #linked(): LeafLink | undefined {
    if (this.#link === undefined) this.close('Protocol Violation', 'Authorization Violation')
    return this.#hasLeft ? undefined : this.#link
  }

  get #limits() {
    const { maxControlLineBytes, maxPayloadBytes } = this.#context.limits
    return {
      maxControlLineBytes: maxControlLineBytes * CONTROL_LINE_FACTOR,
      maxPayloadBytes: Math.max(maxPayloadBytes, MAX_LEAF_PAYLOAD_BYTES),
    }
  }

  /** Without bytes: goes on where the parser was paused. */
  #parse(bytes?: Buffer): void {
    try {
      if (bytes === undefined) this.#parser.resume()
      else this.#parser.feed(bytes)
    } catch (error) {
      if (!(error instanceof NatsProtocolError)) throw error
      const { text, reason } = PROTOCOL_ERRORS[error.code]
      this.log.turnedAway(error.message, 'protocol error')
      this.close(reason, text)
    }
  }

  /** Who does not read gets no farewell: there is no room to say it in. */
  #cutOff(reason: CloseReason): void {
    if (this.#hasLeft) return
    this.#leave(reason)
    this.carrier.destroy()
  }

  #leave(reason: CloseReason): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#parser.stop()
    this.#context.onLeft(this, reason)
    this.#link?.end()
    this.#handshake.onEnd(reason)
    this.#reading.end()
    this.outbox.close()
  }
}
