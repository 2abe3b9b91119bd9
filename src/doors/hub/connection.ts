import { Outbox, type Turn } from '#core'
import type { Clock } from '#kit'
import type { Carrier, MessageReceiver } from '#net'
import {
  agreeOn,
  encodeHandshakeReply,
  HANDSHAKE_FAILED,
  HANDSHAKE_TIMED_OUT,
  type HubMessage,
  HubMessageType,
  type HubProtocol,
  parseHandshakeRequest,
  ResultKind,
  readWhole,
  SignalrError,
} from '#wire/signalr'
import { HeldEvents } from './held-events.ts'
import type { Guest, Hub } from './hub.ts'
import type { HubEvent } from './hub-event.ts'

// All times are counted in heartbeats, the door's single timer. spec: hub §1.7
export const HEARTBEAT_MS = 1_000

/** Events that wait for a handshake as they are. Clients shake hands at once, so more than a few never do. */
const MAX_EVENTS_BEFORE_HANDSHAKE = 32

/** A peer whose last word is younger than this may have said it before it read what we sent it just then. */
const HEARING_DELAY_MS = 5_000

// RFC 6455 §7.4.1
const NORMAL_CLOSURE = 1000
const GOING_AWAY = 1001

const ACCEPTED = encodeHandshakeReply()
const NO_BYTES = Buffer.alloc(0)

/** The same for all connections of a hub. */
export interface ConnectionRules {
  readonly protocols: readonly HubProtocol[]
  readonly turn: Turn
  readonly clock: Clock
  /** Bytes that may wait for the client before it counts as behind. */
  readonly maxPendingBytes: number
  readonly handshakeTimeoutMs: number
  /** Silence from us after which we ping: clients give up after 30 s without data, WebSocket pings not counted. */
  readonly keepAliveMs: number
  /** Silence from the client after which it counts as gone. */
  readonly clientTimeoutMs: number
}

/** Whose connections they are: the endpoint of a hub. */
export interface ConnectionOwner {
  readonly hub: Hub
  readonly rules: ConnectionRules
  onOpen(connection: HubConnection): void
  /** It ends and takes no more events; called once, before `onClosed`. */
  onEnding(connection: HubConnection, why: string): void
  /** The transport is gone; called once. */
  onClosed(connection: HubConnection, error: Error | undefined): void
}

type State = 'handshake' | 'open' | 'ending'

/** One client of a hub: SignalR's side of one transport. */
export class HubConnection implements MessageReceiver {
  readonly guest: Guest
  readonly #carrier: Carrier
  readonly #owner: ConnectionOwner
  readonly #outbox: Outbox
  #protocol: HubProtocol | undefined
  #state: State = 'handshake'
  /** More was pending than may be: events are held until the transport has taken everything. */
  #isBehind = false
  #held: HeldEvents | undefined
  #beatsSinceSent = 0
  #beatsSinceReceived = 0
  /** When the client was last known to have read what it had been sent; 0: never. Milliseconds since the epoch. */
  #heardAtMs = 0

  constructor(carrier: Carrier, guest: Guest, owner: ConnectionOwner) {
    this.guest = guest
    this.#carrier = carrier
    this.#owner = owner
    const { turn, maxPendingBytes } = owner.rules
    this.#outbox = new Outbox(turn, carrier, maxPendingBytes, () => {
      this.#isBehind = true
    })
  }

  /**
   * What was told before this moment has reached the client, so far as we can know; 0 when nothing is known.
   * Milliseconds since the Unix epoch.
   */
  get heardUntilMs(): number {
    return this.#heardAtMs
  }

  /** Never waits and never throws: a client that cannot take it is told later. Hot: once per receiver. */
  tell(event: HubEvent): void {
    if (this.#state === 'ending') return
    if (event.clientType !== undefined && event.clientType !== this.guest.clientType) return
    const mayGoNow = this.#state === 'open' && !this.#isBehind
    if (mayGoNow && this.#append(event.bytes(this.#protocol!))) {
      if (event.endsSession) this.#endSession()
    } else {
      this.#held ??= new HeldEvents(this.#state === 'handshake' ? MAX_EVENTS_BEFORE_HANDSHAKE : 0)
      this.#held.add(event)
    }
  }

  onMessage(data: Buffer, isText: boolean): void {
    this.#beatsSinceReceived = 0
    if (this.#state === 'handshake') this.#shakeHands(data)
    // Where all messages are binary, text is passed over. spec: hub §1.6
    else if (isText !== this.#protocol?.isBinary) this.#readMessages(data)
    if (this.#state === 'open' && !this.#isBehind && this.#carrier.backlogBytes === 0) {
      this.#heardAtMs = this.#owner.rules.clock.now() - HEARING_DELAY_MS
    }
  }

  onClosing(): void {
    this.#end('closed by the client')
    this.#outbox.flush()
  }

  onClosed(error: Error | undefined): void {
    this.#end('connection lost')
    this.#outbox.close()
    this.#owner.onClosed(this, error)
  }

  /** It may be slow, but it has not taken a single write since the deadline: nobody is there. */
  onStalled(): void {
    this.#end('stalled')
    this.#carrier.destroy()
  }

  /** To be called every `HEARTBEAT_MS`. */
  beat(): void {
    if (this.#state === 'ending') return
    const { handshakeTimeoutMs, clientTimeoutMs, keepAliveMs } = this.#owner.rules
    const silentMs = ++this.#beatsSinceReceived * HEARTBEAT_MS
    if (this.#state === 'handshake') {
      if (silentMs >= handshakeTimeoutMs) this.#refuse(HANDSHAKE_TIMED_OUT)
    } else if (silentMs > clientTimeoutMs) {
      this.#close(NORMAL_CLOSURE, 'silent for too long', this.#protocol!.encodeClose({ allowReconnect: true }))
    } else if (this.#isBehind) {
      if (this.#carrier.backlogBytes === 0) this.#catchUp()
    } else if (++this.#beatsSinceSent * HEARTBEAT_MS >= keepAliveMs) {
      this.#append(this.#protocol!.ping)
    }
  }

  /** The server's wish: a client that reconnects by itself may come back at once. */
  goAway(why: string, error?: string): void {
    const farewell = this.#protocol?.encodeClose({ allowReconnect: true, error }) ?? NO_BYTES
    this.#close(GOING_AWAY, why, this.#state === 'open' ? farewell : NO_BYTES)
  }

  destroy(): void {
    this.#carrier.destroy()
  }

  /** False when too much is pending already. */
  #append(bytes: Buffer): boolean {
    this.#outbox.append('', bytes, '')
    this.#beatsSinceSent = 0
    return !this.#isBehind
  }

  /** Nothing may go out before the reply: clients take anything earlier for a broken reply. spec: hub §0 */
  #shakeHands(data: Buffer): void {
    let agreed: HubProtocol | string
    let rest: Buffer = NO_BYTES
    try {
      const request = parseHandshakeRequest(data)
      if (request === undefined) throw new SignalrError('HANDSHAKE', 'Handshake is incomplete')
      agreed = agreeOn(request.handshake, this.#owner.rules.protocols)
      rest = request.rest
    } catch (error) {
      if (!(error instanceof SignalrError)) throw error
      agreed = HANDSHAKE_FAILED
    }
    if (typeof agreed === 'string') {
      this.#refuse(agreed)
      return
    }
    this.#protocol = agreed
    this.#append(ACCEPTED)
    this.#state = 'open'
    this.#release()
    if (this.#state === 'open') this.#owner.onOpen(this)
    if (rest.length > 0) this.#readMessages(rest)
  }

  #refuse(objection: string): void {
    this.#close(NORMAL_CLOSURE, `handshake: ${objection}`, encodeHandshakeReply(objection))
  }

  #readMessages(data: Buffer): void {
    try {
      for (const message of readWhole(this.#protocol!, data)) {
        if (this.#state !== 'open') return
        this.#answer(message)
      }
    } catch (error) {
      if (!(error instanceof SignalrError)) throw error
      const farewell = this.#protocol!.encodeClose({ error: 'Connection closed with an error.' })
      this.#close(NORMAL_CLOSURE, `protocol error: ${error.message}`, farewell)
    }
  }

  /** Hubs have no methods to call; everything but a call that wants an answer is passed over. spec: hub §1.6 */
  #answer(message: HubMessage): void {
    switch (message.type) {
      case HubMessageType.Invocation:
      case HubMessageType.StreamInvocation: {
        if (message.invocationId === null) return
        const error = `Unknown hub method '${message.target}'`
        this.#append(this.#protocol!.encodeCompletion(message.invocationId, { kind: ResultKind.Error, error }))
        return
      }
      case HubMessageType.Close:
        this.#close(NORMAL_CLOSURE, 'closed by the client', NO_BYTES)
    }
  }

  #catchUp(): void {
    this.#isBehind = false
    this.#release()
  }

  /** Tells what was held. */
  #release(): void {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    const { events, isIncomplete } = held.release()
    for (const event of events) this.tell(event)
    if (!isIncomplete) return
    const substitute = this.#owner.hub.substitute?.(this.guest)
    if (substitute !== undefined) this.tell(substitute)
    else this.goAway('behind', 'Too many messages were waiting.')
  }

  #endSession(): void {
    this.#close(NORMAL_CLOSURE, 'session ended', this.#protocol!.encodeClose())
  }

  #close(code: number, why: string, farewell: Buffer): void {
    if (this.#state === 'ending') return
    this.#end(why)
    if (farewell.length > 0) this.#append(farewell)
    this.#outbox.flush()
    this.#outbox.close()
    this.#carrier.close(code, '')
  }

  #end(why: string): void {
    if (this.#state === 'ending') return
    this.#state = 'ending'
    this.#owner.onEnding(this, why)
  }
}
