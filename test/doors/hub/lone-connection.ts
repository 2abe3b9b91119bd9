import type { Batch } from '#core'
import { Turn } from '#core'
import type { Carrier, MessageReceiver } from '#net'
import {
  encodeHandshakeRequest,
  type HubMessage,
  HubMessageType,
  type HubProtocol,
  messagePackProtocol,
  parseHandshakeReply,
  readWhole,
} from '#wire/signalr'
import { HubConnection } from '../../../src/doors/hub/connection/connection.ts'
import {
  type ConnectionOptions,
  type ConnectionOwner,
  type ConnectionRules,
  HEARTBEAT_MS,
} from '../../../src/doors/hub/connection/connection-rules.ts'
import type { Guest, Hub } from '../../../src/doors/hub/hub.ts'
import { HubEvent } from '../../../src/doors/hub/hub-event.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

const PROTOCOL: HubProtocol = messagePackProtocol(10_000, 1 << 24)

/** A transport without a network: what the other end has got is what the test takes. */
export class FakeCarrier implements Carrier {
  readonly remote = { address: '192.0.2.1', port: 1 }
  readonly framing = {
    encode(batch: Batch): Buffer {
      const bytes = Buffer.alloc(batch.byteLength)
      batch.copyTo(bytes, 0)
      return bytes
    },
  }
  /** What the operating system is said not to have taken. */
  backlogBytes = 0
  isPaused = false
  isText = false
  /** How it was ended: with a close code, or cut. */
  end: number | 'cut' | undefined
  receiver: MessageReceiver | undefined
  /** How often the other end was asked whether it has read everything. */
  asked = 0
  #written: Buffer[] = []

  write(bytes: Buffer): void {
    if (this.end === undefined) this.#written.push(bytes)
  }

  close(code: number): void {
    this.end ??= code
  }

  /** As with sockets, `onClosed` follows later: `lose`. */
  destroy(): void {
    this.end = 'cut'
  }

  pause(isPaused: boolean): void {
    this.isPaused = isPaused
  }

  sendText(): void {
    this.isText = true
  }

  askTaken(): void {
    this.asked++
  }

  /** The transport is gone. */
  lose(): void {
    this.end ??= 'cut'
    this.receiver?.onClosed(undefined)
  }

  /** What was written since it was asked last. */
  take(): Buffer {
    const bytes = Buffer.concat(this.#written)
    this.#written = []
    return bytes
  }
}

/** An event of the hub, whose target says which. */
export function event(name: string, bytes = 0): HubEvent {
  return new HubEvent((protocol) => protocol.encodeInvocation(name, ['x'.repeat(bytes)]))
}

export function lastEvent(name: string): HubEvent {
  return new HubEvent((protocol) => protocol.encodeInvocation(name, []), { endsSession: true })
}

export interface LoneOptions extends ConnectionOptions {
  readonly maxPendingBytes?: number
  /** What stands for what could not be told; default: nothing does. */
  readonly substitute?: HubEvent
  readonly protocols?: readonly HubProtocol[]
}

/** One connection whose time, turns and transports are the test's. */
export class LoneConnection {
  readonly clock = new FakeClock()
  readonly connection: HubConnection
  /** What its owner was told. */
  readonly log: string[] = []
  carrier = new FakeCarrier()
  #turn: () => void = () => {}

  constructor(options: LoneOptions = {}) {
    const { maxPendingBytes = 256 * 1024, substitute, protocols = [PROTOCOL] } = options
    const rules: ConnectionRules = {
      protocols,
      turn: new Turn((work) => {
        this.#turn = work
      }),
      clock: this.clock,
      maxPendingBytes,
      handshakeTimeoutMs: 15_000,
      keepAliveMs: 15_000,
      clientTimeoutMs: 30_000,
    }
    const hub: Hub = {
      name: 'test',
      admit: () => Promise.reject(new Error('Nobody asks')),
      translate: () => undefined,
      ...(substitute !== undefined && { substitute: () => substitute }),
    }
    const owner: ConnectionOwner = {
      hub,
      rules,
      onOpen: () => void this.log.push('open'),
      onEnding: (_, why) => void this.log.push(`ending: ${why}`),
      onClosed: () => void this.log.push('closed'),
    }
    const guest: Guest = { userId: 'alice', deviceId: 'phone', clientType: undefined, subjects: [] }
    this.connection = new HubConnection(this.carrier, guest, owner, { options })
    this.carrier.receiver = this.connection
  }

  /** With the handshake done. */
  static open(options: LoneOptions & { readonly version?: number } = {}): LoneConnection {
    const lone = new LoneConnection(options)
    lone.connection.onMessage(encodeHandshakeRequest({ protocol: 'messagepack', version: options.version ?? 2 }), true)
    lone.endTurn()
    const { handshake, rest } = parseHandshakeReply(lone.carrier.take())
    if (handshake.error !== undefined || rest.length > 0) throw new Error('The handshake came to something else')
    // As clients do at once.
    if (options.isStateful) lone.say({ type: HubMessageType.Ping })
    return lone
  }

  /** Everything that was appended is written. */
  endTurn(): void {
    const turn = this.#turn
    this.#turn = () => {}
    turn()
  }

  /** Lets heartbeats pass. */
  beat(times = 1): void {
    for (let i = 0; i < times; i++) {
      this.clock.advance(HEARTBEAT_MS)
      this.connection.beat()
      this.endTurn()
    }
  }

  /** The client says it, in one message of the transport. */
  say(...messages: readonly HubMessage[]): void {
    this.sayBytes(Buffer.concat(messages.map((message) => PROTOCOL.encode(message))))
  }

  sayBytes(bytes: Buffer): void {
    this.connection.onMessage(bytes, false)
    this.endTurn()
  }

  /** What the client hears, from the last time on. */
  heard(): HubMessage[] {
    this.endTurn()
    return [...readWhole(PROTOCOL, this.carrier.take())]
  }

  /** The same as text: names of events, other messages by their type. */
  heardNames(): string[] {
    return this.heard().map(nameOf)
  }

  /** The client comes back. */
  resume(): void {
    const carrier = new FakeCarrier()
    carrier.receiver = this.connection.resume(carrier)
    this.carrier = carrier
  }
}

function nameOf(message: HubMessage): string {
  switch (message.type) {
    case 1:
      return message.target
    case 3:
      return `answer ${message.invocationId}`
    case 6:
      return 'ping'
    case 7:
      return 'close'
    case 8:
      return `ack ${message.sequenceId}`
    case 9:
      return `sequence ${message.sequenceId}`
    default:
      return `type ${message.type}`
  }
}
