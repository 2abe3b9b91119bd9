import assert from 'node:assert/strict'
import { encodeMaskedFrame, FrameReader, Opcode, WebSocketError } from '#wire/websocket'
import { type Address, RawSocket } from './raw-socket.ts'

/** How a connection ended: the status and reason of the close frame, where there was one. */
export interface Ending {
  readonly code: number | undefined
  readonly reason: string
}

/** The masking key of every frame: any four bytes do. */
export const MASK = Buffer.from([0x12, 0x34, 0x56, 0x78])

const UPGRADE_HEADERS: Readonly<Record<string, string>> = {
  Host: 'localhost',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
}

type RequestHeaders = Readonly<Record<string, string | undefined>>

/** The request as it goes over the wire; a header that is `undefined` is left out. */
export function upgradeRequest(headers: RequestHeaders = {}, start = 'GET / HTTP/1.1') {
  const lines = Object.entries({ ...UPGRADE_HEADERS, ...headers })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`)
  return `${start}\r\n${lines.join('')}\r\n`
}

/** A WebSocket whose every frame is the test's. Payloads are byte strings. */
export class RawWebSocket {
  readonly raw: RawSocket
  /** The messages that arrived. */
  readonly messages: { readonly opcode: number; readonly payload: string }[] = []
  readonly pongs: string[] = []
  /** Gets the pieces of messages; as it is, it keeps them in `messages`. */
  onData = (data: Buffer, opcode: number, isFirst: boolean): void => {
    const start = isFirst ? '' : this.messages.pop()!.payload
    this.messages.push({ opcode, payload: start + data.toString('latin1') })
  }
  onPing = (_payload: string): void => assert.fail('servers send no WebSocket pings unless they ask')
  #ending: Ending | undefined
  readonly #reader = new FrameReader(
    { maskRequired: false, validateText: false },
    {
      onData: (data, opcode, isFirst) => this.onData(data, opcode, isFirst),
      onPing: (payload) => this.onPing(payload.toString('latin1')),
      onPong: (payload) => this.pongs.push(payload.toString('latin1')),
      onClose: (code, reason) => {
        this.#ending = { code, reason }
      },
    },
  )

  private constructor(raw: RawSocket) {
    this.raw = raw
  }

  static async connect(address: Address, path = '/', headers: RequestHeaders = {}): Promise<RawWebSocket> {
    return RawWebSocket.upgrade(await RawSocket.connect(address), path, headers)
  }

  static async upgrade(raw: RawSocket, path = '/', headers: RequestHeaders = {}): Promise<RawWebSocket> {
    raw.write(upgradeRequest(headers, `GET ${path} HTTP/1.1`))
    assert.match(await raw.readThrough('\r\n\r\n'), /^HTTP\/1\.1 101 /)
    return new RawWebSocket(raw)
  }

  /** Whether there is room for more, as `write` says. */
  frame(opcode: Opcode, payload: Buffer | string = '', { isFinal = true } = {}): boolean {
    return this.raw.write(encodeMaskedFrame(opcode, Buffer.from(payload as string, 'latin1'), MASK, isFinal))
  }

  /** Takes what has arrived. */
  listen(): void {
    try {
      this.#reader.feed(this.raw.take())
    } catch (error) {
      // What the server did wrong takes the reason's place.
      if (!(error instanceof WebSocketError)) throw error
      this.#ending = { code: undefined, reason: error.message }
    }
  }

  /** Of the close frame that has arrived. */
  get ending(): Ending | undefined {
    this.listen()
    return this.#ending
  }

  async until(check: () => boolean, what: string): Promise<void> {
    const isThere = () => {
      this.listen()
      return check()
    }
    await this.raw.until(isThere, () => what)
  }

  /** The close frame, or that the connection ended without one. It is not answered. */
  async closeFrame(): Promise<Ending> {
    await this.until(() => this.#ending !== undefined || this.raw.hasEnded, 'goodbye')
    return this.#ending ?? { code: undefined, reason: '' }
  }

  /** The whole closing handshake, to the end of the connection. */
  async ended(): Promise<Ending> {
    const ending = await this.closeFrame()
    if (!this.raw.hasEnded) this.frame(Opcode.CLOSE)
    await this.until(() => this.raw.hasEnded, 'nothing more')
    this.raw.socket.end()
    return ending
  }

  [Symbol.dispose](): void {
    this.raw.destroy()
  }
}
