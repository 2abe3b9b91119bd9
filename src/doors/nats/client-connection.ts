import { DEFAULT_ACCOUNT, Message, Outbox, type Requestor, type Subscription } from '#core'
import type { Carrier, StreamReceiver } from '#net'
import { ClientParser, NatsProtocolError } from '#wire/nats'
import type { Arrival } from './arrival.ts'
import { ClientLog } from './client-log.ts'
import { ClientOperations, type OperationsHost } from './client-operations.ts'
import { ClientOutput } from './client-output.ts'
import { type CloseReason, WEBSOCKET_CLOSE_CODE } from './close-reason.ts'
import { type ConnectOptions, parseConnect } from './connect-options.ts'
import type { ConnectionSnapshot } from './connection-snapshot.ts'
import type { DoorContext } from './context.ts'
import { type InfoChanges, type InfoFacts, infoFor } from './info.ts'
import { Life } from './life.ts'
import { type Portrayed, requestorOf, snapshotOf } from './portrait.ts'
import type { ListenerProfile, ProfileOf } from './profile.ts'
import { PROTOCOL_ERRORS, transportErrorAnswer } from './protocol-errors.ts'
import { Reading } from './reading.ts'
import { Session, type SessionHost } from './session.ts'

const CRLF = '\r\n'

/**
 * How long a client is not read from when what it publishes fills the outbox of a receiver: long enough for healthy
 * receivers to catch up, and nothing beside the time that a receiver which reads no more has until it is cut off. What
 * nats-server takes at most for each read.
 */
const STALL_MS = 10

/**
 * One NATS client's connection, over whichever carrier: greeting, login, signs of life, deliveries, farewell. What the
 * client does in between is the business of its `ClientOperations`.
 */
export class ClientConnection implements OperationsHost, SessionHost, StreamReceiver {
  // What a delivery touches lies together, in as few cache lines as can be: a fan-out goes through all connections.
  readonly #context: DoorContext
  readonly #outbox: Outbox
  #hasLeft = false
  #leftFor: CloseReason | undefined
  /** Whether messages for a receiver that is behind are dropped rather than their publishers slowed down. */
  #drops: boolean

  readonly id: number
  readonly #arrival: Arrival
  readonly #profile: ListenerProfile
  readonly #carrier: Carrier
  readonly #reading: Reading
  readonly #output: ClientOutput
  readonly #parser: ClientParser
  readonly #log: ClientLog
  readonly #life: Life
  readonly #session: Session
  readonly #startMs: number
  readonly #operations: ClientOperations
  #hasPinged = false
  /** Of deliveries it knows those that were counted in `#notedMsgs`. */
  #lastActivityMs: number
  #notedMsgs = 0
  /** How often it was held up because it published faster than others read. */
  #stalls = 0
  #foreignProtocol: Arrival['foreignProtocol']

  constructor(arrival: Arrival, context: DoorContext) {
    const { limits, clock, broker } = context
    const { carrier, listener, cookies, nonce } = arrival
    const { remote } = carrier
    this.id = arrival.id
    this.#context = context
    this.#arrival = arrival
    this.#profile = arrival.facts === undefined ? listener.current : { ...listener.current, facts: arrival.facts }
    this.#carrier = carrier
    this.#reading = new Reading(carrier)
    this.#foreignProtocol = arrival.foreignProtocol
    const { connectionType } = this.#profile
    const address = `${arrival.logPrefix ?? ''}${remote.address}`
    const described = { client: this.id, address, port: remote.port, connectionType }
    this.#log = new ClientLog(described, context)
    this.#outbox = new Outbox(context.turn, carrier, limits.maxPendingBytes, () =>
      this.#cutOff('Slow Consumer (Pending Bytes)'),
    )
    this.#output = new ClientOutput(this.#outbox, this.#log)
    const account = broker.account(DEFAULT_ACCOUNT)
    this.#operations = new ClientOperations({ host: this, account, context, log: this.#log, output: this.#output })
    this.#parser = new ClientParser(limits, this.#operations)
    this.#parser.acceptsHeaders = false
    this.#parser.awaitsConnect = this.#profile.authenticator.isRequired
    this.#drops = !limits.stallsFastProducers
    this.#startMs = clock.now()
    this.#lastActivityMs = this.#startMs
    this.#life = new Life(this.#startMs, this.pingIntervalMs)
    this.#session = new Session({
      host: this,
      applicant: this.#operations,
      context,
      profile: this.#profile,
      listener,
      remote,
      cookies,
      nonce,
      client: this.id,
      tls: arrival.tls,
      clock,
      pending: context.pendingLogins,
      log: this.#log,
    })
    this.#log.debug({}, 'client connected')
  }

  /** Whether it takes no part any more, though it may still be saying goodbye. */
  get hasLeft(): boolean {
    return this.#hasLeft
  }

  /** As its listener, or else the server, has it by now. */
  get pingIntervalMs(): number {
    return this.#arrival.listener.current.pingIntervalMs ?? this.#context.limits.pingIntervalMs
  }

  /** INFO is the first thing a client hears. */
  greet(): void {
    this.#sendInfo({ nonce: this.#arrival.nonce })
  }

  /** Another INFO, for a client that can take one at any time and has completed its login. */
  announce(changes: InfoChanges): boolean {
    const canTakeIt = this.#hasPinged && this.#operations.options.protocol >= 1
    if (canTakeIt) this.#sendInfo(changes)
    return canTakeIt
  }

  /** Those of the server, of its account or of its user are others now. */
  limitsChanged(): void {
    const { limits } = this.#context
    const { maxPayloadBytes } = this.#operations
    const isTheServers = maxPayloadBytes === limits.maxPayloadBytes
    this.#parser.limits = isTheServers ? limits : { ...limits, maxPayloadBytes }
    this.#outbox.maxPendingBytes = limits.maxPendingBytes
    this.#drops = !limits.stallsFastProducers
  }

  /** Ends the connection: queued messages, `errorText` as `-ERR`, then the transport's farewell with the reason. */
  close(reason: CloseReason, errorText?: string): void {
    if (this.#hasLeft) return
    if (errorText !== undefined) this.#output.error(errorText)
    this.#outbox.flush()
    this.#leave(reason)
    this.#carrier.close(WEBSOCKET_CLOSE_CODE[reason], reason)
  }

  /**
   * Asks for a sign of life when it is time to, and gives up on a client that left too many PINGs unanswered. Called
   * by the door at intervals of about half of the ping interval, and of a second at most.
   */
  checkLife(now: number): void {
    if (this.#hasLeft) return
    this.#noteDeliveries(now)
    const { pingMax } = this.#context.limits
    const due = this.#life.check(now, { pingIntervalMs: this.pingIntervalMs, pingMax })
    if (due === 'ping') this.#output.ping()
    else if (due === 'stale') this.close('Stale Connection', 'Stale Connection')
  }

  /** Whether it was let in as somebody, if only as one of whom nothing is asked. */
  get hasLoggedIn(): boolean {
    return this.#session.admission !== undefined
  }

  /** Whether it is about to become whoever it says it is. */
  get isLoggingIn(): boolean {
    return this.#session.isLoggingIn
  }

  /**
   * Why its listener would not let it in again, if so, as `profileOf` supposes it to be. A client that never logged in
   * is not asked who it is.
   */
  async objection(profileOf: ProfileOf): Promise<CloseReason | undefined> {
    const profile = profileOf(this.#arrival.listener)
    return this.#entryObjection(profile) ?? (await this.#session.objection(profile))?.closeReason
  }

  /** Goes on as who it is by now to its listener, as that is now, or is closed: the reason why. */
  async recheck(): Promise<CloseReason | undefined> {
    if (this.#hasLeft) return undefined
    const reason = this.#entryObjection(this.#arrival.listener.current)
    if (reason === undefined) return (await this.#session.recheck()) ? this.#leftFor : undefined
    this.close(reason, reason === 'Authentication Failure' ? 'Authorization Violation' : undefined)
    return reason
  }

  /** It is closed when its account has more connections than it may have by now: the reason why. */
  endIfTooMany(): CloseReason | undefined {
    return !this.#hasLeft && this.#session.endIfTooMany() ? this.#leftFor : undefined
  }

  snapshot(): ConnectionSnapshot {
    this.#noteDeliveries(this.#context.recently)
    return snapshotOf(this.#portrayed)
  }

  // --- Peer -----------------------------------------------------------------------------------------------------

  /** Hot: once per receiver. bench/fanout.ts */
  send(subscription: Subscription, message: Message): void {
    if (this.#hasLeft) return
    const { heads, congestion, trace } = this.#context
    const outbox = this.#outbox
    if (this.#drops && outbox.isBehind) return
    const sent = message.headerBytes > 0 && !this.#operations.options.headers ? withoutHeaders(message) : message
    const head = heads.of(sent, subscription.sid)
    outbox.append(head, sent.body, CRLF)
    if (message.reply !== '') this.#operations.wasAsked(message.reply)
    if (outbox.isCrowded) congestion.mark()
    if (trace?.isOn) this.#log.sentMessage(head, sent)
    if (subscription.maxDeliveries !== 0 && subscription.delivered >= subscription.maxDeliveries) {
      this.#operations.subscriptions.forget(subscription)
      this.#log.did('DELSUB', subscription.sid)
    }
  }

  requestor(): Requestor {
    return { ...requestorOf(this.#portrayed), server: this.#context.identity.name }
  }

  // --- StreamReceiver -------------------------------------------------------------------------------------------

  get isStranger(): boolean {
    return this.#parser.awaitsConnect
  }

  onBytes(bytes: Buffer): void {
    if (this.#hasLeft) return
    const now = this.#context.clock.now()
    this.#context.recently = now
    if (this.#foreignProtocol !== undefined && this.#turnsAway(bytes)) return
    const operations = this.#operations
    const { inMsgs, subscriptionChanges } = operations
    this.#parse(bytes)
    if (operations.inMsgs === inMsgs && operations.subscriptionChanges === subscriptionChanges) return
    this.#lastActivityMs = now
    this.#life.heard(now)
  }

  onStalled(): void {
    if (this.#context.limits.writeTimeoutPolicy === 'close') this.#cutOff('Slow Consumer (Write Deadline)')
  }

  /** From here on it gets nothing any more: a member of a queue group must not take what others could have. */
  onClosing(error: Error | undefined): void {
    if (this.#hasLeft) return
    const { text, reason } = transportErrorAnswer(error)
    if (text !== undefined) this.#output.error(text)
    this.#outbox.flush()
    this.#leave(reason)
  }

  onClosed(error: Error | undefined): void {
    this.#leave(transportErrorAnswer(error).reason)
    this.#context.onGone(this)
  }

  // --- OperationsHost --------------------------------------------------------------------------------------------

  onConnect(json: string): void {
    this.#log.received('CONNECT', json)
    const options = parseConnect(json, this.#operations.options)
    // nats-server closes without a word on a CONNECT it cannot read.
    if (options === undefined) this.close('Protocol Violation')
    else {
      this.#operations.options = options
      this.#session.logIn(() => this.#connected(options))
    }
  }

  onUninvited(): void {
    this.#session.startUninvited()
  }

  /** The first one of a client that takes INFO at any time is answered with where it is now, too. */
  onPing(): void {
    this.#log.received('PING')
    this.#life.heard(this.#context.recently)
    this.#output.pong()
    if (this.#hasPinged || !this.#session.hasConnected) return
    this.#hasPinged = true
    if (this.#operations.options.protocol < 1) return
    const { name: account } = this.#operations.account
    this.#sendInfo({ login: { account, isSystemAccount: account === this.#context.broker.systemAccount } })
  }

  onPong(): void {
    this.#log.received('PONG')
    this.#life.ponged(this.#context.recently)
  }

  onError(text: string): void {
    this.#log.info({ text }, 'client reports an error')
    this.close('Parse Error')
  }

  /** What the client has yet to say waits at its own end meanwhile. The read in hand is finished. */
  slowDown(): void {
    if (this.#hasLeft) return
    if (this.#reading.holdFor(STALL_MS, this.#context.clock)) this.#stalls++
  }

  // --- SessionHost ----------------------------------------------------------------------------------------------

  began(): void {
    const { clock, random } = this.#context
    this.#life.connected(clock.now(), this.pingIntervalMs, random)
    this.#lastActivityMs = this.#context.recently
  }

  admitted(): void {
    this.#parser.awaitsConnect = false
  }

  wait(): void {
    this.#parser.pause()
    this.#reading.hold()
  }

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
      this.#log.error({ error }, 'connection failed')
      this.#carrier.destroy()
    }
  }

  // --------------------------------------------------------------------------------------------------------------

  /** Let in as who it said to be: what else it said counts now. */
  #connected(options: ConnectOptions): void {
    const hasHeaders = options.headers && this.#context.limits.supportsHeaders
    this.#operations.options = { ...options, headers: hasHeaders }
    this.#parser.acceptsHeaders = hasHeaders
    if (options.account !== '' || options.newAccount) {
      this.#session.refuse('CONNECT names an account')
    } else if (options.protocol !== 0 && options.protocol !== 1) {
      this.close('Bad Client Protocol Version', 'invalid client protocol')
    } else if (options.noResponders && !hasHeaders) {
      this.close('No Responders Requires Headers', 'no responders requires headers support')
    } else this.#operations.acknowledge()
  }

  #sendInfo(said: InfoChanges & Pick<InfoFacts, 'nonce' | 'login'>): void {
    const { identity, limits } = this.#context
    const { supportsHeaders } = limits
    const { maxPayloadBytes } = this.#operations
    const { remote } = this.#carrier
    const facts = { identity, profile: this.#profile, remote, clientId: this.id, maxPayloadBytes, supportsHeaders }
    this.#output.info(infoFor({ ...facts, ...said }))
  }

  get #portrayed(): Portrayed {
    return {
      id: this.id,
      type: this.#profile.connectionType === 'WEBSOCKET' ? 'websocket' : 'nats',
      remote: this.#carrier.remote,
      tls: this.#arrival.tls,
      startMs: this.#startMs,
      lastActivityMs: this.#lastActivityMs,
      stalls: this.#stalls,
      life: this.#life,
      outbox: this.#outbox,
      operations: this.#operations,
      admission: this.#session.admission,
    }
  }

  #entryObjection({ objection }: ListenerProfile): CloseReason | undefined {
    const { upgrade, tls } = this.#arrival
    return objection?.({ upgrade, peerCertificate: tls?.peerCertificate })
  }

  /** Without bytes: goes on where the parser was paused. */
  #parse(bytes?: Buffer): void {
    try {
      if (bytes === undefined) this.#parser.resume()
      else this.#parser.feed(bytes)
    } catch (error) {
      if (!(error instanceof NatsProtocolError)) throw error
      const { text, reason } = PROTOCOL_ERRORS[error.code]
      this.#log.debug({ reason: error.message }, 'protocol error')
      this.close(reason, text)
    }
  }

  /** Whether the client speaks another protocol, which it was told. */
  #turnsAway(firstBytes: Buffer): boolean {
    const answer = this.#foreignProtocol?.(firstBytes)
    this.#foreignProtocol = undefined
    if (answer === undefined) return false
    this.#log.warn({ reason: answer }, 'client speaks another protocol')
    this.close('Protocol Violation', `Unknown Protocol Operation: ${answer}`)
    return true
  }

  /** Deliveries are activity. Noting the time of each would be felt; this is late by no more than a second. */
  #noteDeliveries(now: number): void {
    if (this.#outbox.messages === this.#notedMsgs) return
    this.#notedMsgs = this.#outbox.messages
    this.#lastActivityMs = now
  }

  /** A client that does not read gets no farewell: there is no room to say it in. */
  #cutOff(reason: CloseReason): void {
    if (this.#hasLeft) return
    this.#leave(reason)
    this.#carrier.destroy()
  }

  #leave(reason: CloseReason): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#leftFor = reason
    this.#parser.stop()
    this.#session.end()
    // Who hears of it finds the account without it, and what it was subscribed to still in its place.
    this.#context.onLeft(this, reason)
    this.#reading.end()
    this.#outbox.close()
    this.#operations.subscriptions.clear()
    if (reason.startsWith('Slow Consumer')) this.#log.warn({ reason }, 'client closed')
    else this.#log.debug({ reason }, 'client closed')
  }
}

/** What those get who do not do headers. */
function withoutHeaders(message: Message): Message {
  return new Message(message.subject, message.payload, message.reply)
}
