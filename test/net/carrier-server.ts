import http from 'node:http'
import net, { type Server } from 'node:net'
import { type Clock, silentLogger } from '#kit'
import {
  acceptWebSocket,
  acceptWebSocketStream,
  type Carrier,
  Listener,
  type MessageReceiver,
  PathRouter,
  type StreamCompression,
  type StreamReceiver,
  TcpCarrier,
  type UpgradeHandler,
} from '#net'
import type { HeaderList } from '#wire/websocket'
import { within } from '../helpers/wait.ts'
import type { Address } from './raw-socket.ts'

/** The door of these tests: writes down what its carrier tells it. */
export class RecordingReceiver implements StreamReceiver, MessageReceiver {
  readonly carrier: Carrier
  isStranger = false
  /** Everything in the order it came, such as `bytes hello`, `closing`, `stalled`, `closed`. */
  readonly events: string[] = []
  /** Answered to the first bytes, in the same turn, and again when the carrier is closing. */
  lastWords: Buffer | undefined
  /** How it ends a connection whose carrier is closing, if not as the carrier does. */
  farewell: { readonly code: number; readonly reason: string } | undefined
  readonly #closed = Promise.withResolvers<Error | undefined>()
  readonly #heard = new Set<() => void>()

  constructor(carrier: Carrier) {
    this.carrier = carrier
  }

  onBytes(bytes: Buffer): void {
    this.#note(`bytes ${bytes.toString('latin1')}`)
  }

  onMessage(data: Buffer, isText: boolean): void {
    this.#note(`${isText ? 'text' : 'binary'} ${data.toString('utf8')}`)
  }

  onClosing(error: Error | undefined): void {
    if (this.lastWords !== undefined) this.carrier.write(this.lastWords)
    this.#note(error === undefined ? 'closing' : `closing: ${error.message}`)
    if (this.farewell !== undefined) this.carrier.close(this.farewell.code, this.farewell.reason)
  }

  onStalled(): void {
    this.#note('stalled')
  }

  onTaken(): void {
    this.#note('taken')
  }

  onClosed(error: Error | undefined): void {
    this.#note('closed')
    this.#closed.resolve(error)
  }

  /** Resolves with what `onClosed` was told. */
  closed(): Promise<Error | undefined> {
    return within(this.#closed.promise, 'the end of the connection')
  }

  async until(check: () => boolean, what: string): Promise<void> {
    while (!check()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#heard.add(resolve)
      await within(promise, what)
      this.#heard.delete(resolve)
    }
  }

  async untilEvent(event: string): Promise<void> {
    await this.until(() => this.events.includes(event), event)
  }

  #note(event: string): void {
    this.events.push(event)
    for (const heard of this.#heard) heard()
  }
}

export interface CarrierServer extends AsyncDisposable {
  readonly address: Address
  /** The door of the connection that came in next. */
  accepted(): Promise<RecordingReceiver>
  /** Why upgrades were refused, so far. */
  readonly refusals: readonly string[]
}

export interface CarrierServerOptions {
  readonly clock: Clock
  /** Default 10 s. */
  readonly writeDeadlineMs?: number
  /** Default 1000. */
  readonly maxMessageBytes?: number
  /** Of the streams; default: none. */
  readonly compression?: StreamCompression
  /** Sent with the 101 to the streams; default: none. */
  readonly responseHeaders?: HeaderList
}

/**
 * `/stream` and `/messages` take WebSockets of either kind, `/refused` has an objection to all, `/nowhere` one with a
 * status of its own.
 */
export function startWebSocketServer(options: CarrierServerOptions): Promise<CarrierServer> {
  const arrivals = new Arrivals()
  const accept = {
    clock: options.clock,
    logger: silentLogger,
    writeDeadlineMs: options.writeDeadlineMs ?? 10_000,
    receiver: (carrier: Carrier) => arrivals.add(carrier),
    onRefused: (reason: string) => arrivals.refusals.push(reason),
  }
  const stream = { ...accept, compression: options.compression, responseHeaders: options.responseHeaders }
  const { maxMessageBytes = 1000 } = options
  const router = new PathRouter()
  const add = (path: string, onUpgrade: UpgradeHandler) => router.add(path, { onUpgrade })
  add('/stream', (request, socket, head) => acceptWebSocketStream(request, socket, head, stream))
  add('/messages', (request, socket, head) => {
    acceptWebSocket(request, socket, head, { ...accept, maxMessageBytes })
  })
  add('/refused', (request, socket, head) => {
    acceptWebSocketStream(request, socket, head, { ...accept, objection: () => 'a matter of principle' })
  })
  add('/nowhere', (request, socket, head) => {
    const objection = () => ({ status: 404, reason: 'no such place' })
    acceptWebSocketStream(request, socket, head, { ...accept, objection })
  })
  const server = http.createServer((_, response) => response.writeHead(404).end())
  server.on('upgrade', router.handleUpgrade.bind(router))
  return open(server, arrivals)
}

export function startTcpServer({ clock, writeDeadlineMs = 10_000 }: CarrierServerOptions): Promise<CarrierServer> {
  const arrivals = new Arrivals()
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const carrier = new TcpCarrier(socket, { clock, logger: silentLogger, writeDeadlineMs })
    carrier.start(arrivals.add(carrier))
  })
  return open(server, arrivals)
}

async function open(server: Server, arrivals: Arrivals): Promise<CarrierServer> {
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  return {
    address: listener.address,
    accepted: () => within(arrivals.next(), 'a connection'),
    refusals: arrivals.refusals,
    [Symbol.asyncDispose]: () => listener.close(0),
  }
}

class Arrivals {
  readonly refusals: string[] = []
  readonly #waiting: RecordingReceiver[] = []
  #next = Promise.withResolvers<void>()

  add(carrier: Carrier): RecordingReceiver {
    const receiver = new RecordingReceiver(carrier)
    this.#waiting.push(receiver)
    this.#next.resolve()
    return receiver
  }

  async next(): Promise<RecordingReceiver> {
    await this.#next.promise
    const receiver = this.#waiting.shift()!
    if (this.#waiting.length === 0) this.#next = Promise.withResolvers()
    return receiver
  }
}
