import { type Message, Outbox, type Peer, type Subscription, type Turn } from '#core'
import type { Clock } from '#kit'
import type { Carrier, MessageReceiver } from '#net'
import {
  encodeClose,
  encodeCompletion,
  encodeHandshakeReply,
  HANDSHAKE_FAILED,
  HANDSHAKE_TIMED_OUT,
  type HubDecoder,
  type HubMessage,
  HubMessageType,
  handshakeObjection,
  PING,
  parseHandshakeRequest,
  ResultKind,
  SignalrError,
} from '#wire/signalr'
import { type EncodedNotification, encodeSyncVault, type NotificationEncoder } from './encoder.ts'
import { HeldEvents } from './held-events.ts'

// All times are in heartbeats of one second, the door's single timer. spec: hub §1.7
export const HEARTBEAT_MS = 1_000
const HANDSHAKE_TIMEOUT = 15
/** Silence from us after which we ping: the clients give up after 30 s without data, WebSocket pings not counted. */
const KEEP_ALIVE = 15
const CLIENT_TIMEOUT = 30

/** Events that wait for a handshake as they are. Clients shake hands at once, so more than a few never do. */
const MAX_EVENTS_BEFORE_HANDSHAKE = 32

// RFC 6455 §7.4.1
const NORMAL_CLOSURE = 1000
const GOING_AWAY = 1001

const ACCEPTED = encodeHandshakeReply()
const NO_BYTES = Buffer.alloc(0)

export interface HubConnectionOptions {
  readonly userId: string
  readonly clock: Clock
  readonly turn: Turn
  readonly encoder: NotificationEncoder
  readonly decoder: HubDecoder
  /** Bytes that may wait for the device before its events are coalesced. */
  readonly maxPendingBytes: number
  /** The connection ends and takes no more events; called once, before `onClosed`. */
  onEnding(why: string): void
  /** The transport is gone; called once. */
  onClosed(error: Error | undefined): void
}

type State = 'handshake' | 'open' | 'ending'

/** One device on the hub: SignalR's side of one WebSocket, and the core's peer. */
export class HubConnection implements Peer, MessageReceiver {
  readonly #carrier: Carrier
  readonly #options: HubConnectionOptions
  readonly #outbox: Outbox
  #state: State = 'handshake'
  /** More was pending than may be: events are held until the transport has taken everything. */
  #isBehind = false
  #held = new HeldEvents(MAX_EVENTS_BEFORE_HANDSHAKE)
  #beatsSinceSent = 0
  #beatsSinceReceived = 0

  constructor(carrier: Carrier, options: HubConnectionOptions) {
    this.#carrier = carrier
    this.#options = options
    this.#outbox = new Outbox(options.turn, carrier, options.maxPendingBytes, () => {
      this.#isBehind = true
    })
  }

  get userId(): string {
    return this.#options.userId
  }

  /** Hot: once per receiver. */
  send(_subscription: Subscription, message: Message): void {
    if (this.#state === 'ending') return
    const notification = this.#options.encoder.encode(message)
    if (notification !== undefined) this.#tell(notification)
  }

  onMessage(data: Buffer, isText: boolean): void {
    this.#beatsSinceReceived = 0
    if (this.#state === 'handshake') this.#shakeHands(data)
    // With MessagePack all messages are binary, and text is passed over. spec: hub §1.6
    else if (!isText) this.#readMessages(data)
  }

  onClosing(): void {
    this.#end('closed by the client')
    this.#outbox.flush()
  }

  onClosed(error: Error | undefined): void {
    this.#end('connection lost')
    this.#outbox.close()
    this.#options.onClosed(error)
  }

  /** It may be slow, but it has not taken a single write since the deadline: nobody is there. */
  onStalled(): void {
    this.#end('stalled')
    this.#carrier.destroy()
  }

  /** To be called every `HEARTBEAT_MS`. */
  beat(): void {
    if (this.#state === 'ending') return
    this.#beatsSinceReceived++
    if (this.#state === 'handshake') {
      if (this.#beatsSinceReceived >= HANDSHAKE_TIMEOUT) this.#refuse(HANDSHAKE_TIMED_OUT)
    } else if (this.#beatsSinceReceived > CLIENT_TIMEOUT) {
      this.#close(NORMAL_CLOSURE, 'silent for too long', encodeClose({ allowReconnect: true }))
    } else if (this.#isBehind) {
      if (this.#carrier.backlogBytes === 0) this.#catchUp()
    } else if (++this.#beatsSinceSent >= KEEP_ALIVE) {
      this.#append(PING)
    }
  }

  /** The server's wish: a client that reconnects by itself may come back at once. */
  goAway(why: string): void {
    const farewell = this.#state === 'open' ? encodeClose({ allowReconnect: true }) : NO_BYTES
    this.#close(GOING_AWAY, why, farewell)
  }

  destroy(): void {
    this.#carrier.destroy()
  }

  #tell(notification: EncodedNotification): void {
    const mayGoNow = this.#state === 'open' && !this.#isBehind
    if (!mayGoNow || !this.#append(notification.frame)) this.#held.add(notification)
  }

  /** False when too much is pending already. */
  #append(bytes: Buffer): boolean {
    this.#outbox.append('', bytes, '')
    this.#beatsSinceSent = 0
    return !this.#isBehind
  }

  /** Nothing may go out before the reply: clients take anything earlier for a broken reply. spec: hub §0 */
  #shakeHands(data: Buffer): void {
    let objection: string | undefined
    let rest: Buffer = NO_BYTES
    try {
      const request = parseHandshakeRequest(data)
      objection = handshakeObjection(request.handshake)
      rest = request.rest
    } catch (error) {
      if (!(error instanceof SignalrError)) throw error
      objection = HANDSHAKE_FAILED
    }
    if (objection !== undefined) {
      this.#refuse(objection)
      return
    }
    this.#append(ACCEPTED)
    this.#state = 'open'
    this.#release()
    // From now on nothing is held but by a device that is behind, and that is coalesced at once.
    this.#held = new HeldEvents(0)
    if (rest.length > 0) this.#readMessages(rest)
  }

  #refuse(objection: string): void {
    this.#close(NORMAL_CLOSURE, `handshake: ${objection}`, encodeHandshakeReply(objection))
  }

  #readMessages(data: Buffer): void {
    try {
      for (const message of this.#options.decoder.read(data)) {
        if (this.#state !== 'open') return
        this.#answer(message)
      }
    } catch (error) {
      if (!(error instanceof SignalrError)) throw error
      const farewell = encodeClose({ error: 'Connection closed with an error.' })
      this.#close(NORMAL_CLOSURE, `protocol error: ${error.message}`, farewell)
    }
  }

  /** The hub has no methods to call; everything but a call that wants an answer is passed over. spec: hub §1.6 */
  #answer(message: HubMessage): void {
    switch (message.type) {
      case HubMessageType.Invocation:
      case HubMessageType.StreamInvocation: {
        if (message.invocationId === null) return
        const error = `Unknown hub method '${message.target}'`
        this.#append(encodeCompletion(message.invocationId, { kind: ResultKind.Error, error }))
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

  #release(): void {
    const { userId, clock } = this.#options
    const { frames, endsSession } = this.#held.release(() => encodeSyncVault(userId, clock.now()))
    for (const frame of frames) this.#append(frame)
    if (endsSession) this.#close(NORMAL_CLOSURE, 'logged out', encodeClose())
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
    this.#options.onEnding(why)
  }
}
