import assert from 'node:assert/strict'
import { Opcode } from '#wire/websocket'
import { type Address, RawSocket } from '../../net/raw-socket.ts'
import { type Ending, RawWebSocket } from '../../net/raw-websocket.ts'
import type { RunningImplementation } from './implementations.ts'

/** A whole line of INFO, and the beginning of one. */
const INFO_LINE = /(?<=^|\n)INFO (\{[^\n]*\}) \r\n/g
const INFO_BEGINNING = /(?<=^|\n)INFO \{[^\n]*$/

/** A NATS client that says exactly what it is told, over one of the carriers. */
export interface RawClient extends Disposable {
  /** What INFO said. */
  readonly info: Readonly<Record<string, unknown>>
  /** The line as it came, with its end. */
  readonly infoLine: string
  /** What later INFO lines said; they are left out of what is heard. Those that came with what was heard so far. */
  readonly laterInfos: readonly Readonly<Record<string, unknown>>[]
  readonly hasEnded: boolean
  /** Whether there is room for more; otherwise the socket says `drain` when there is. */
  say(text: string | Buffer): boolean
  /** What the server says, until there are `length` bytes that were not returned yet, or it ends the connection. */
  hear(length: number): Promise<string>
  ended(): Promise<Ending>
  /** Everything that was said before comes first. */
  untilPong(): Promise<string>
  /** What was heard up to `mark`, and `mark`. */
  hearThrough(mark: string): Promise<string>
  /** Hands what the server says to `reader` and keeps none of it, until the reader is done or the connection ends. */
  hearInto(reader: { read(bytes: Buffer): void }, isDone: () => boolean): Promise<void>
  /** Stops reading from the socket, so that what the server sends piles up, or goes on with it. */
  pause(isPaused: boolean): void
  destroy(): void
}

export type CarrierName = 'TCP' | 'WebSocket'
export const CARRIERS: readonly CarrierName[] = ['TCP', 'WebSocket']

export function connectTo(server: RunningImplementation, carrier: CarrierName): Promise<RawClient> {
  return carrier === 'TCP' ? TcpClient.connect(server.tcp) : WebSocketClient.connect(server.webSocket)
}

abstract class Client implements RawClient {
  readonly raw: RawSocket
  info: Readonly<Record<string, unknown>> = {}
  infoLine = ''
  readonly laterInfos: Readonly<Record<string, unknown>>[] = []
  protected heard = ''
  /** The beginning of an INFO line. */
  #cut = ''
  readonly #keep = (bytes: Buffer): void => {
    const heard = this.heard + this.#cut + bytes.toString('latin1')
    this.#cut = ''
    if (this.infoLine === '') {
      this.heard = heard
      return
    }
    const rest = heard.replace(INFO_LINE, (_line, json: string) => {
      this.laterInfos.push(JSON.parse(json))
      return ''
    })
    this.heard = rest.replace(INFO_BEGINNING, (beginning) => {
      this.#cut = beginning
      return ''
    })
  }
  protected onData = this.#keep

  constructor(raw: RawSocket) {
    this.raw = raw
  }

  abstract say(text: string | Buffer): boolean
  abstract ended(): Promise<Ending>
  protected abstract listen(): void

  get hasEnded(): boolean {
    return this.raw.hasEnded
  }

  async hear(length: number): Promise<string> {
    const isThere = () => {
      this.listen()
      return this.heard.length >= length || this.hasEnded
    }
    await this.raw.until(isThere, () => `${length} bytes; there is ${JSON.stringify(this.heard)}`)
    return this.#takeHeard(this.heard.length)
  }

  async untilPong(): Promise<string> {
    this.say('PING\r\n')
    return this.hearThrough('PONG\r\n')
  }

  async hearThrough(mark: string): Promise<string> {
    const isThere = () => {
      this.listen()
      return this.heard.includes(mark) || this.hasEnded
    }
    await this.raw.until(isThere, () => `${JSON.stringify(mark)}; there is ${JSON.stringify(this.heard)}`)
    if (!this.heard.includes(mark)) throw new Error(`The connection ended after ${JSON.stringify(this.heard)}`)
    return this.#takeHeard(this.heard.indexOf(mark) + mark.length)
  }

  async greeted(): Promise<this> {
    const line = await this.hearThrough('\n')
    this.infoLine = line
    assert.match(this.infoLine, /^INFO \{/)
    this.info = JSON.parse(this.infoLine.slice('INFO '.length))
    return this
  }

  async hearInto(reader: { read(bytes: Buffer): void }, isDone: () => boolean): Promise<void> {
    this.onData = (bytes) => reader.read(bytes)
    const isThere = () => {
      this.listen()
      return isDone() || this.hasEnded
    }
    await this.raw.until(isThere, () => 'the rest')
    this.onData = this.#keep
  }

  pause(isPaused: boolean): void {
    if (isPaused) this.raw.socket.pause()
    else this.raw.socket.resume()
  }

  destroy(): void {
    this.raw.destroy()
  }

  [Symbol.dispose](): void {
    this.destroy()
  }

  #takeHeard(length: number): string {
    const taken = this.heard.slice(0, length)
    this.heard = this.heard.slice(length)
    return taken
  }
}

export class TcpClient extends Client {
  static async connect(address: Address): Promise<TcpClient> {
    return new TcpClient(await RawSocket.connect(address)).greeted()
  }

  say(text: string | Buffer): boolean {
    return this.raw.write(text)
  }

  async ended(): Promise<Ending> {
    await this.raw.until(
      () => this.hasEnded,
      () => 'goodbye',
    )
    this.listen()
    return { code: undefined, reason: '' }
  }

  protected listen(): void {
    this.onData(this.raw.take())
  }
}

export class WebSocketClient extends Client {
  readonly socket: RawWebSocket
  /** The opcodes of the messages that came in. */
  readonly opcodes: number[] = []

  constructor(socket: RawWebSocket) {
    super(socket.raw)
    this.socket = socket
    socket.onData = (data, opcode, isFirst) => {
      if (isFirst) this.opcodes.push(opcode)
      this.onData(data)
    }
  }

  static async connect(address: Address): Promise<WebSocketClient> {
    return new WebSocketClient(await RawWebSocket.connect(address)).greeted()
  }

  say(text: string | Buffer): boolean {
    return this.socket.frame(Opcode.BINARY, text)
  }

  ended(): Promise<Ending> {
    return this.socket.ended()
  }

  protected listen(): void {
    this.socket.listen()
  }
}
