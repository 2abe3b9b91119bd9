import assert from 'node:assert/strict'
import {
  encodeHandshakeRequest,
  type HubMessage,
  HubMessageType,
  type HubProtocol,
  jsonProtocol,
  messagePackProtocol,
  readWhole,
} from '#wire/signalr'
import { within } from '../../helpers/wait.ts'

/** What arrived and was not asked for yet, or what was asked for and did not arrive yet. */
class Inbox<T> {
  readonly #arrived: T[] = []
  readonly #awaited: ((item: T) => void)[] = []

  get size(): number {
    return this.#arrived.length
  }

  add(item: T): void {
    const awaited = this.#awaited.shift()
    if (awaited === undefined) this.#arrived.push(item)
    else awaited(item)
  }

  next(): Promise<T> {
    if (this.#arrived.length > 0) return Promise.resolve(this.#arrived.shift()!)
    return new Promise((resolve) => this.#awaited.push(resolve))
  }
}

/** A device on the hub, over Node's own WebSocket: every step is the test's. */
export class HubClient {
  readonly frames = new Inbox<Buffer>()
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #socket: WebSocket
  readonly #protocol: HubProtocol
  #messages: HubMessage[] = []

  private constructor(socket: WebSocket, protocol: HubProtocol['name']) {
    this.#socket = socket
    this.#protocol = (protocol === 'json' ? jsonProtocol : messagePackProtocol)(10_000, 1 << 24)
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', ({ data }) => {
      const isText = typeof data === 'string'
      const isRefusal = isText && data.startsWith('{"error":')
      assert.ok(isRefusal || isText !== this.#protocol.isBinary, 'the hub sends the kind of messages that is read')
      this.frames.add(Buffer.from(data))
    })
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }))
    })
  }

  /** The WebSocket is open; no handshake was sent. */
  static async connect(url: string, token: string, protocol: HubProtocol['name'] = 'messagepack'): Promise<HubClient> {
    const socket = new WebSocket(`${url}${url.includes('?') ? '&' : '?'}access_token=${encodeURIComponent(token)}`)
    const client = new HubClient(socket, protocol)
    await within(
      new Promise<void>((resolve, reject) => {
        socket.addEventListener('open', () => resolve())
        socket.addEventListener('error', () => reject(new Error('The WebSocket was refused')))
      }),
      'the WebSocket',
    )
    return client
  }

  /** Connected, with the handshake done. */
  static async start(url: string, token: string, protocol?: HubProtocol['name']): Promise<HubClient> {
    const client = await HubClient.connect(url, token, protocol)
    client.shakeHands()
    assert.equal((await client.nextFrame()).toString('latin1'), '{}\x1e')
    return client
  }

  shakeHands(): void {
    this.send(encodeHandshakeRequest({ protocol: this.#protocol.name, version: 1 }).toString())
  }

  send(data: string | Buffer<ArrayBuffer>): void {
    this.#socket.send(data)
  }

  /** One WebSocket message. */
  nextFrame(): Promise<Buffer> {
    return within(this.frames.next(), 'a WebSocket message')
  }

  /** One SignalR message; several may come in one frame. */
  async next(): Promise<HubMessage> {
    while (this.#messages.length === 0) this.#messages = [...readWhole(this.#protocol, await this.nextFrame())]
    return this.#messages.shift()!
  }

  /** The next message, which has to be a notification. */
  async nextNotification(): Promise<{ ContextId: string | null; Type: number; Payload: Record<string, unknown> }> {
    const message = await this.next()
    assert.ok(message.type === HubMessageType.Invocation, `got a message of type ${message.type}`)
    assert.equal(message.target, 'ReceiveMessage')
    assert.equal(message.arguments.length, 1)
    return message.arguments[0] as Awaited<ReturnType<HubClient['nextNotification']>>
  }

  async close(): Promise<void> {
    this.#socket.close()
    await within(this.closed, 'the end of the WebSocket')
  }
}
