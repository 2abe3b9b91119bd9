import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turnOver } from 'node:timers/promises'
import { encodeHandshakeRequest, type HubMessage, HubMessageType, messagePackProtocol, readWhole } from '#wire/signalr'
import { encodeMaskedFrame, MessageAssembler, Opcode } from '#wire/websocket'
import { until, within } from '../../helpers/wait.ts'

const protocol = messagePackProtocol(100_000, 1 << 24)

const CALL = protocol.encode({ type: HubMessageType.Invocation, invocationId: '1', target: 'X', arguments: [] })

/** A device on a bare socket, which can stop reading, and answers no ping by itself: no WebSocket client can be made to. */
export class RawDevice {
  readonly messages: HubMessage[] = []
  /** Pings of the WebSocket that it has not answered: what they say, and how many messages came before them. */
  readonly pings: { readonly payload: Buffer; readonly behind: number }[] = []
  receivedBytes = 0
  readonly closed: Promise<unknown>
  readonly #socket: Socket
  #stopAt = Number.POSITIVE_INFINITY
  #onMessage: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {})
    this.closed = once(socket, 'close')
  }

  /** Connected, with the handshake done, and reading. */
  static async start(port: number, token: string, path = '/notifications/hub'): Promise<RawDevice> {
    const socket = connect(port, '127.0.0.1')
    const device = new RawDevice(socket)
    socket.write(
      [
        `GET ${path}?access_token=${token} HTTP/1.1`,
        'Host: localhost',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        '\r\n',
      ].join('\r\n'),
    )
    const [response] = (await within(once(socket, 'data'), 'the 101')) as [Buffer]
    if (!response.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error('The upgrade was refused')
    const request = encodeHandshakeRequest({ protocol: 'messagepack', version: 1 })
    socket.write(encodeMaskedFrame(Opcode.TEXT, request, Buffer.alloc(4, 7)))
    const [reply] = (await within(once(socket, 'data'), 'the handshake')) as [Buffer]
    if (reply.toString('latin1', 2) !== '{}\x1e') throw new Error('The handshake was refused')
    device.#read()
    return device
  }

  #read(): void {
    const assembler = new MessageAssembler(
      { maskRequired: false, validateText: false, maxMessageBytes: 1 << 24 },
      {
        onMessage: (data) => {
          this.messages.push(...readWhole(protocol, data))
          this.#onMessage()
        },
        onPing: (payload) => void this.pings.push({ payload: Buffer.from(payload), behind: this.messages.length }),
        onPong: () => {},
        onClose: () => this.#socket.end(),
      },
    )
    this.#socket.on('data', (chunk) => {
      this.receivedBytes += chunk.length
      if (this.receivedBytes >= this.#stopAt) this.#socket.pause()
      assembler.feed(chunk)
    })
  }

  stopReading(): void {
    this.#socket.pause()
  }

  readAgain(): void {
    this.#socket.resume()
  }

  /** Reads about so much more, if there is so much, and stops again. */
  async readSome(bytes: number): Promise<void> {
    this.#stopAt = this.receivedBytes + bytes
    this.#socket.resume()
    for (let turns = 0; turns < 200 && this.receivedBytes < this.#stopAt; turns++) await turnOver()
    this.#socket.pause()
    this.#stopAt = Number.POSITIVE_INFINITY
  }

  ping(): void {
    this.#socket.write(encodeMaskedFrame(Opcode.BINARY, protocol.ping, Buffer.alloc(4, 7)))
  }

  /** Makes a call; resolves when it was answered, so that the hub has taken in all that was said. */
  async call(): Promise<void> {
    const answers = () => this.messages.filter(({ type }) => type === HubMessageType.Completion).length
    const before = answers()
    this.#socket.write(encodeMaskedFrame(Opcode.BINARY, CALL, Buffer.alloc(4, 7)))
    await this.until(() => answers() > before, 'the answer to a call')
  }

  /** Answers the oldest ping that it has not answered yet, once it is there; says how many messages came before that. */
  async pong(): Promise<number> {
    const { payload, behind } = await until(() => this.pings.shift(), 'a ping')
    this.#socket.write(encodeMaskedFrame(Opcode.PONG, payload, Buffer.alloc(4, 7)))
    return behind
  }

  /** Resolves when one of the messages, also of those already here, is as wanted. */
  async until(isWanted: (message: HubMessage) => boolean, what: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onMessage = () => {
      if (this.messages.some(isWanted)) resolve()
    }
    this.#onMessage()
    await within(promise, what)
  }

  /** Its side of the connection. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** A hub that closes would wait for one that does not read. */
  [Symbol.dispose](): void {
    this.destroy()
  }
}
