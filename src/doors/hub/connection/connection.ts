import { type Batch, Outbox } from '#core'
import type { Carrier, MessageReceiver } from '#net'
import {
  encodeHandshakeReply,
  HANDSHAKE_TIMED_OUT,
  type HubMessage,
  HubMessageType,
  type HubProtocol,
  ResultKind,
  SignalrError,
} from '#wire/signalr'
import type { Guest, HubTransport } from '../hub.ts'
import type { HubEvent } from '../hub-event.ts'
import { type ConnectionOptions, type ConnectionOwner, HEARTBEAT_MS } from './connection-rules.ts'
import { type Handshake, readHandshake } from './handshake.ts'
import { HeldEvents } from './held-events.ts'
import { Inbound } from './inbound.ts'
import { type Pinged, PingQueue } from './ping-queue.ts'
import { StatefulReconnect } from './stateful-reconnect.ts'

/** Events that wait for a handshake as they are. Clients shake hands at once, so more than a few never do. */
const MAX_EVENTS_BEFORE_HANDSHAKE = 32

/** A client is asked whether it has read what it was told when it was told nothing for so many beats. */
const BEATS_UNTIL_ASKED = 6
const NOT_TOLD = BEATS_UNTIL_ASKED + 1

/** How long a stateful connection that lost its transport waits for its client. */
const RETURN_WITHIN_MS = 30_000

/** From this version on clients know how to go on over another transport. spec: hub §1.9 */
const STATEFUL_VERSION = 2

/** Longest name of a method that is repeated in an answer; characters. */
const MAX_ECHOED_NAME = 128

// RFC 6455 §7.4.1
const NORMAL_CLOSURE = 1000
const GOING_AWAY = 1001

const ACCEPTED = encodeHandshakeReply()
const NO_BYTES = Buffer.alloc(0)
/** ASP.NET's words for whatever it was that the client did. */
const CLOSED_WITH_AN_ERROR = { error: 'Connection closed with an error.' }
const ORDINARY: ConnectionOptions = {}
/** An outbox says so itself when it takes nothing. */
const onOverflow = () => {}

/** One for all hubs, as they share one event loop. */
const PINGS = new PingQueue()

/** `waiting`: without a transport, for another one. */
type State = 'handshake' | 'open' | 'waiting' | 'ending'

/**
 * One client of a hub: SignalR's side of a transport, or of one after another where that was negotiated. There may be
 * ten thousand of them that hear nothing for hours, so what an idle one does not need is made when it is needed.
 */
export class HubConnection implements MessageReceiver, Pinged {
  readonly guest: Guest
  /** For the log: the id of the request that it began with. */
  readonly id: string
  readonly #owner: ConnectionOwner
  readonly #options: ConnectionOptions
  #carrier: Carrier
  #outbox: Outbox
  #protocol: HubProtocol | undefined
  #state: State = 'handshake'
  /** It was told less than there was: events are held until it has taken what it was told. */
  #isBehind = false
  #held: HeldEvents | undefined
  /** The beginning of a handshake whose rest is still to come. */
  #unfinishedHandshake: Buffer | undefined
  #inbound: Inbound | undefined
  /** Undefined unless it is stateful. */
  #reconnect: StatefulReconnect | undefined
  #beatsSinceSent = 0
  /** In the handshake: since the transport is there. While it waits: since it is gone. */
  #beatsSinceReceived = 0
  /** Since it was told something it has yet to be asked about; `NOT_TOLD`: there is no such thing. */
  #beatsSinceTold = NOT_TOLD
  /** When it was asked whether it has read what it was told; 0: it has answered. Milliseconds since the Unix epoch. */
  #askedAtMs = 0
  /** It has read what it was told before then; 0: that is not known. Since the epoch too. */
  #heardUntilMs = 0

  constructor(
    carrier: Carrier,
    guest: Guest,
    owner: ConnectionOwner,
    { options = ORDINARY, id = '' }: { readonly options?: ConnectionOptions | undefined; readonly id?: string } = {},
  ) {
    this.guest = guest
    this.id = id
    this.#carrier = carrier
    this.#owner = owner
    this.#options = options
    this.#outbox = new Outbox(owner.rules.turn, carrier, owner.rules.maxPendingBytes, onOverflow)
  }

  /**
   * What was told before this moment has reached the client, by its own word; 0 when nothing is known. What a client
   * says otherwise is no such word: it may not have read for long. Milliseconds since the Unix epoch.
   */
  get heardUntilMs(): number {
    return this.#heardUntilMs
  }

  /** That of the carrier it has, or had last. */
  get transport(): HubTransport {
    return this.#options.transport ?? 'WebSockets'
  }

  /** Whether another transport may take the place of the one it has or had. */
  get canResume(): boolean {
    return this.#reconnect !== undefined && this.#state !== 'ending'
  }

  /** Never waits and never throws: a client that cannot take it is told later. Hot: once per receiver. */
  tell(event: HubEvent): void {
    if (this.#state === 'ending') return
    if (event.clientType !== undefined && event.clientType !== this.guest.clientType) return
    // Who is to be closed behind it has to be there.
    const mayGoNow = this.#state === 'open' || (this.#state === 'waiting' && !event.endsSession)
    if (mayGoNow && !this.#isBehind && this.#say(event.bytes(this.#protocol!))) {
      if (event.endsSession) this.#endSession()
    } else {
      this.#hold(event)
    }
  }

  onMessage(data: Buffer, isText: boolean | undefined): void {
    if (this.#state === 'handshake') {
      this.#shakeHands(data)
    } else if (this.#state === 'open') {
      this.#beatsSinceReceived = 0
      // Where all messages are binary, text is passed over. spec: hub §1.6
      if (!isText || !this.#protocol!.isBinary) this.#read(data)
      if (this.#reconnect !== undefined) this.#catchUp()
    }
  }

  /** Whether it was told everything there was, and has a transport that can ask whether that was read. */
  get canBeAsked(): boolean {
    return this.#state === 'open' && !this.#isBehind && this.#carrier.askTaken !== undefined
  }

  /** Whether it has yet to answer: `ask`. */
  get isAsked(): boolean {
    return this.#askedAtMs > 0
  }

  /**
   * Asks the client whether it has read what it was told up to now, which then comes to `Hub.onHeard`. Does nothing while
   * an answer is still to come: all are alike, and that one says nothing of what was told since.
   */
  ask(): void {
    if (this.isAsked || !this.canBeAsked) return
    this.#askedAtMs = this.#owner.rules.clock.now()
    // The question goes past the outbox.
    this.#outbox.flush()
    this.#carrier.askTaken?.()
  }

  onTaken(): void {
    const atMs = this.#askedAtMs
    this.#askedAtMs = 0
    if (atMs === 0 || this.#state !== 'open') return
    if (!this.#isBehind) this.#heardUntilMs = atMs
    this.#owner.hub.onHeard?.(this)
  }

  /** `error`: the client broke the rules of the transport, which would happen again over another one. */
  onClosing(error: Error | undefined): void {
    if (error !== undefined && this.#state === 'open') this.#append(this.#protocol!.encodeClose(CLOSED_WITH_AN_ERROR))
    if (error !== undefined) this.#end(`transport error: ${error.message}`)
    else if (this.#reconnect === undefined) this.#end('closed by the client')
    this.#outbox.flush()
  }

  onClosed(error: Error | undefined): void {
    const reconnect = this.#reconnect
    if (reconnect !== undefined && reconnect.replacedTransports > 0) reconnect.replacedTransports--
    else if (reconnect !== undefined && this.#state === 'open') this.#interrupt(reconnect)
    else this.#gone('connection lost', error)
  }

  /** It may be slow, but it has not taken a single write since the deadline: nobody is there. */
  onStalled(): void {
    if (this.#reconnect === undefined) this.#end('stalled')
    this.#carrier.destroy()
  }

  /**
   * Goes on over another transport, whose receiver it is from then on; the one that it has, if any, is cut. Throws when
   * it cannot: `canResume`.
   */
  resume(carrier: Carrier): MessageReceiver {
    const reconnect = this.#reconnect
    if (reconnect === undefined || this.#state === 'ending') throw new Error('This connection cannot be resumed')
    if (this.#state === 'open') {
      this.#interrupt(reconnect)
      reconnect.replacedTransports++
      this.#carrier.destroy()
    }
    const { turn, maxPendingBytes } = this.#owner.rules
    const protocol = this.#protocol!
    this.#carrier = carrier
    this.#outbox = new Outbox(turn, carrier, maxPendingBytes, onOverflow)
    if (!protocol.isBinary) carrier.sendText?.()
    // Past the outbox, which has taken all of it before: there may be no room in it for anything else.
    carrier.write(carrier.framing.encode(asBatch(reconnect.sent.replay(protocol))))
    this.#state = 'open'
    this.#beatsSinceSent = 0
    this.#beatsSinceReceived = 0
    this.#beatsSinceTold = 0
    this.#askedAtMs = 0
    this.#catchUp()
    return this
  }

  /** To be called every `HEARTBEAT_MS`. */
  beat(): void {
    const silentMs = ++this.#beatsSinceReceived * HEARTBEAT_MS
    switch (this.#state) {
      case 'handshake':
        if (silentMs >= this.#owner.rules.handshakeTimeoutMs) this.#refuse(HANDSHAKE_TIMED_OUT)
        break
      case 'open':
        this.#beatOpen()
        break
      case 'waiting':
        if (silentMs >= RETURN_WITHIN_MS) this.#gone('connection lost', undefined)
    }
  }

  /** For the queue of those that are to be pinged. */
  ping(): void {
    if (this.#state !== 'open' || this.#isBehind) return
    if (!this.#isToBeAsked) {
      this.#append(this.#protocol!.ping)
      return
    }
    this.#beatsSinceTold = NOT_TOLD
    this.ask()
  }

  /** The server's wish: a client that reconnects by itself may come back at once. */
  goAway(why: string, error?: string): void {
    this.#close(GOING_AWAY, why, this.#protocol?.encodeClose({ allowReconnect: true, error }))
  }

  /** It is one too many. If it came back by itself, the next would have to go, and come back, without end. */
  makeRoom(): void {
    const farewell = this.#protocol?.encodeClose({ error: 'Too many connections of this user.' })
    this.#close(GOING_AWAY, 'too many connections of this user', farewell)
  }

  /** Cuts it off, for good. */
  destroy(): void {
    if (this.#state === 'waiting') {
      this.#gone('cut off', undefined)
    } else {
      this.#end('cut off')
      this.#carrier.destroy()
    }
  }

  #beatOpen(): void {
    const { clientTimeoutMs, keepAliveMs } = this.#owner.rules
    const keepsAlive = this.#options.keepsAlive === true
    if (this.#inbound?.isPaused) this.#listenAgain(this.#inbound)
    if (!keepsAlive && this.#beatsSinceReceived * HEARTBEAT_MS >= clientTimeoutMs) this.#giveUp()
    this.#catchUp()
    if (this.#state !== 'open' || this.#isBehind) return
    this.#acknowledge()
    // It has to have answered before it is asked again.
    if (this.#beatsSinceTold < (this.isAsked ? BEATS_UNTIL_ASKED - 1 : BEATS_UNTIL_ASKED)) {
      this.#beatsSinceTold++
      if (this.#isToBeAsked) PINGS.add(this)
    }
    if (++this.#beatsSinceSent * HEARTBEAT_MS >= keepAliveMs && !keepsAlive) {
      this.#beatsSinceSent = 0
      PINGS.add(this)
    }
  }

  /** The client says nothing any more. Should it read nevertheless, it learns that we are gone; nobody waits for it. */
  #giveUp(): void {
    if (this.#reconnect === undefined) {
      this.#close(NORMAL_CLOSURE, 'silent for too long', this.#protocol!.encodeClose({ allowReconnect: true }))
    }
    this.#carrier.destroy()
  }

  get #isToBeAsked(): boolean {
    return this.#beatsSinceTold === BEATS_UNTIL_ASKED && this.#carrier.askTaken !== undefined
  }

  /** False when too much is pending already. */
  #append(bytes: Buffer): boolean {
    const isTaken = this.#outbox.append('', bytes, '')
    if (isTaken) this.#beatsSinceSent = 0
    else this.#isBehind = true
    return isTaken
  }

  /** Appends a message that has to arrive, be it over another transport. False when too much is pending already. */
  #say(message: Buffer): boolean {
    this.#beatsSinceTold = 0
    const sent = this.#reconnect?.sent
    if (sent === undefined) return this.#append(message)
    if (sent.hasRoomFor(message) && (this.#state === 'waiting' || this.#append(message))) {
      sent.add(message)
      return true
    }
    this.#isBehind = true
    return false
  }

  #hold(event: HubEvent): void {
    if (this.#state === 'handshake') {
      this.#held ??= new HeldEvents(MAX_EVENTS_BEFORE_HANDSHAKE)
      this.#held.add(event, 1)
      return
    }
    this.#isBehind = true
    // In bytes. A stateful client acknowledges once a second only, so it is behind as soon as it hears a lot.
    this.#held ??= new HeldEvents(this.#reconnect === undefined ? 0 : this.#owner.rules.maxPendingBytes)
    this.#held.add(event, event.bytes(this.#protocol!).length)
  }

  /** Tells what was held, as soon as the client has taken what it was told. */
  #catchUp(): void {
    if (!this.#isBehind || this.#state !== 'open') return
    if (this.#carrier.backlogBytes > 0 || this.#reconnect?.sent.isCrowded) return
    this.#isBehind = false
    this.#release()
  }

  #release(): void {
    if (this.#held === undefined) return
    const { events, isIncomplete } = this.#held.release()
    this.#held = undefined
    for (const event of events) this.tell(event)
    if (!isIncomplete) return
    const substitute = this.#owner.hub.substitute?.(this.guest)
    if (substitute !== undefined) {
      this.#owner.onCoalesced?.()
      this.tell(substitute)
    } else this.goAway('behind', 'Too many messages were waiting.')
  }

  #shakeHands(data: Buffer): void {
    const all = this.#unfinishedHandshake === undefined ? data : Buffer.concat([this.#unfinishedHandshake, data])
    const handshake = readHandshake(all, this.#owner.rules.protocols, this.#options)
    this.#unfinishedHandshake = undefined
    if (handshake === undefined) this.#unfinishedHandshake = Buffer.from(all)
    else if (typeof handshake === 'string') this.#refuse(handshake)
    else this.#open(handshake)
  }

  /** Nothing may go out before the reply: clients take anything earlier for a broken reply. spec: hub §0 */
  #open({ protocol, version, rest }: Handshake): void {
    this.#protocol = protocol
    if (this.#options.isStateful && version >= STATEFUL_VERSION) this.#reconnect = new StatefulReconnect()
    if (!protocol.isBinary) this.#carrier.sendText?.()
    this.#append(ACCEPTED)
    this.#state = 'open'
    this.#beatsSinceReceived = 0
    // A stateful client begins to count what it gets just before it says its first word: Microsoft's for JavaScript, 10.0.
    if (this.#reconnect !== undefined) this.#isBehind = true
    this.#release()
    if (this.#isOpen) this.#owner.onOpen(this)
    if (this.#isOpen && rest.length > 0) this.#read(rest)
  }

  /** In text: it is not known what else the client can read. */
  #refuse(objection: string): void {
    this.#end(`handshake: ${objection}`)
    this.#carrier.sendText?.()
    this.#append(encodeHandshakeReply(objection))
    this.#leave(NORMAL_CLOSURE)
  }

  /** For where TypeScript does not see that a call may have changed it. */
  get #isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Takes in what there is to read, `data` last. */
  #read(data: Buffer = NO_BYTES): void {
    this.#inbound ??= new Inbound(this.#protocol!)
    try {
      this.#inbound.add(data)
      if (!this.#inbound.isPaused) this.#listen(this.#inbound)
    } catch (error) {
      if (!(error instanceof SignalrError)) throw error
      const farewell = this.#protocol!.encodeClose(CLOSED_WITH_AN_ERROR)
      this.#close(NORMAL_CLOSURE, `protocol error: ${error.message}`, farewell)
    }
  }

  #listen(inbound: Inbound): void {
    for (let message = inbound.next(); message !== undefined; message = inbound.next()) {
      const isTaken = this.#take(message)
      if (this.#state !== 'open') return
      if (isTaken) continue
      inbound.pauseBefore(message)
      this.#carrier.pause(true)
      return
    }
    if (inbound.isEmpty) this.#inbound = undefined
  }

  /** Who calls faster than it reads the answers is listened to now and then. */
  #listenAgain(inbound: Inbound): void {
    this.#beatsSinceReceived = 0
    if (!this.#mayAnswer) return
    inbound.isPaused = false
    this.#read()
    if (this.#state === 'open' && !inbound.isPaused) this.#carrier.pause(false)
  }

  get #mayAnswer(): boolean {
    return !this.#isBehind && !this.#outbox.isBehind
  }

  /**
   * Hubs have no methods to call; everything but a call that wants an answer is passed over, also what belongs to calls
   * that nobody made: a client streams to a method before it hears that there is none. False when it has to be taken in
   * later. Throws a `SignalrError` when it never can be. spec: hub §1.6
   */
  #take(message: HubMessage): boolean {
    const reconnect = this.#reconnect
    if (reconnect !== undefined && !reconnect.received.isNew(message)) return true
    switch (message.type) {
      case HubMessageType.Invocation:
      case HubMessageType.StreamInvocation:
        return message.invocationId === null || this.#answer(message.invocationId, message.target)
      case HubMessageType.Close:
        this.#close(NORMAL_CLOSURE, 'closed by the client')
        break
      case HubMessageType.Ack:
        reconnect?.sent.acknowledge(message.sequenceId)
        this.#catchUp()
        break
      case HubMessageType.Sequence:
        reconnect?.received.continueFrom(message.sequenceId)
    }
    return true
  }

  #answer(invocationId: string, target: string): boolean {
    // A stateful client has to be listened to: it makes room for the answer by what it acknowledges.
    if (!this.#mayAnswer && this.#reconnect === undefined) return false
    const error = `Unknown hub method '${target.slice(0, MAX_ECHOED_NAME).toWellFormed()}'`
    const answer = this.#protocol!.encodeCompletion(invocationId, { kind: ResultKind.Error, error })
    if (!this.#say(answer)) this.goAway('too many answers', 'Too many messages were waiting.')
    return true
  }

  #acknowledge(): void {
    const received = this.#reconnect?.received
    const id = received?.dueAck
    if (id !== undefined && this.#append(this.#protocol!.encodeAck(id))) received!.acknowledged()
  }

  #endSession(): void {
    this.#close(NORMAL_CLOSURE, 'session ended', this.#protocol!.encodeClose())
  }

  /** `farewell` goes out if the client can take it. */
  #close(code: number, why: string, farewell?: Buffer): void {
    switch (this.#state) {
      case 'handshake':
        this.#end(why)
        this.#leave(code)
        break
      case 'open':
        this.#end(why)
        if (farewell !== undefined) this.#append(farewell)
        this.#leave(code)
        break
      case 'waiting':
        this.#gone(why, undefined)
    }
  }

  /** The transport goes when it has sent what is left. */
  #leave(code: number): void {
    this.#outbox.flush()
    this.#outbox.close()
    this.#carrier.close(code, '')
  }

  /** The transport is lost, and another may come. */
  #interrupt({ received }: StatefulReconnect): void {
    this.#state = 'waiting'
    this.#beatsSinceReceived = 0
    this.#outbox.close()
    this.#inbound = undefined
    received.interrupt()
  }

  #end(why: string): void {
    if (this.#state === 'ending') return
    this.#state = 'ending'
    this.#owner.onEnding(this, why)
  }

  #gone(why: string, error: Error | undefined): void {
    this.#end(why)
    this.#outbox.close()
    this.#owner.onClosed(this, error)
  }
}

function asBatch(bytes: Buffer): Batch {
  return { byteLength: bytes.length, copyTo: (target, offset) => void bytes.copy(target, offset) }
}
