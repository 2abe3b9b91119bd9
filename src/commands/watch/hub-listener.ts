import type { Notification } from '#notify'
import {
  encodeHandshakeRequest,
  type HubMessage,
  HubMessageType,
  messagePackProtocol,
  parseHandshakeReply,
  readWhole,
} from '#wire/signalr'

// As the official clients have it. spec: hub §1.7
const KEEP_ALIVE_MS = 15_000
const SERVER_TIMEOUT_MS = 30_000

/** A message may name all collections of an organization. */
const MAX_ITEMS = 100_000
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** Why it is over when nobody says why. */
export const CONNECTION_FAILED = 'the connection failed'

const RECEIVE_MESSAGE = 'ReceiveMessage'

export interface HubListenerOptions {
  /** `ws:` or `wss:`, up to `/hub`. */
  readonly url: string
  readonly accessToken: string
  /** Ends the connection. */
  readonly signal: AbortSignal
  /** The handshake is done: from now on nothing is missed. */
  onReady(): void
  onNotification(notification: Notification): void
}

/** Listens on the hub until the connection is over; resolves with why. Never rejects. */
export function listenOnHub(options: HubListenerOptions): Promise<string> {
  return new Promise((resolve) => {
    const listener = new HubListener(options, (reason) => {
      options.signal.removeEventListener('abort', stop)
      resolve(reason)
    })
    const stop = () => listener.stop('stopped')
    options.signal.addEventListener('abort', stop)
    if (options.signal.aborted) stop()
  })
}

class HubListener {
  readonly #options: HubListenerOptions
  readonly #onOver: (reason: string) => void
  readonly #socket: WebSocket
  readonly #protocol = messagePackProtocol(MAX_ITEMS, MAX_MESSAGE_BYTES)
  readonly #ping: NodeJS.Timeout
  readonly #silence: NodeJS.Timeout
  #isReady = false
  #isOver = false

  constructor(options: HubListenerOptions, onOver: (reason: string) => void) {
    this.#options = options
    this.#onOver = onOver
    // The token goes into a header: a query would end up in the logs of proxies.
    this.#socket = new WebSocket(options.url, { headers: { Authorization: `Bearer ${options.accessToken}` } })
    this.#socket.binaryType = 'arraybuffer'
    this.#socket.addEventListener('open', () => {
      this.#socket.send(encodeHandshakeRequest({ protocol: 'messagepack', version: 1 }).toString())
    })
    this.#socket.addEventListener('message', ({ data }) => this.#receive(data))
    this.#socket.addEventListener('error', (event) => this.#over(event.message || CONNECTION_FAILED))
    this.#socket.addEventListener('close', ({ code }) => this.#over(`the server closed the connection (${code})`))
    this.#ping = setInterval(() => this.#send(this.#protocol.ping), KEEP_ALIVE_MS)
    this.#silence = setTimeout(() => this.stop('the server was silent for 30 s'), SERVER_TIMEOUT_MS)
  }

  stop(reason: string): void {
    if (this.#isOver) return
    this.#send(this.#protocol.encodeClose())
    this.#socket.close()
    this.#over(reason)
  }

  #receive(data: unknown): void {
    if (this.#isOver) return
    this.#silence.refresh()
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as ArrayBuffer)
    try {
      if (this.#isReady) this.#read(bytes)
      else this.#readHandshake(bytes)
    } catch (error) {
      this.stop(`the server sent something else than the hub protocol: ${(error as Error).message}`)
    }
  }

  #readHandshake(bytes: Buffer): void {
    const { handshake, rest } = parseHandshakeReply(bytes)
    if (handshake.error !== undefined) {
      this.stop(`the server refused: ${handshake.error}`)
      return
    }
    this.#isReady = true
    this.#options.onReady()
    this.#send(this.#protocol.ping)
    this.#read(rest)
  }

  #read(bytes: Buffer): void {
    for (const message of readWhole(this.#protocol, bytes)) {
      if (this.#isOver) return
      this.#act(message)
    }
  }

  #act(message: HubMessage): void {
    if (message.type === HubMessageType.Close) {
      this.stop(message.error ?? 'the server said goodbye')
    } else if (message.type === HubMessageType.Invocation && message.target === RECEIVE_MESSAGE) {
      // Only its shape is taken on trust; what it says is printed, nothing more.
      const [argument] = message.arguments as Partial<Notification>[]
      const { ContextId = null, Type = -1, Payload = {} } = argument ?? {}
      this.#options.onNotification({ ContextId, Type, Payload })
    }
  }

  #send(bytes: Buffer): void {
    if (this.#socket.readyState === WebSocket.OPEN && this.#isReady) this.#socket.send(Buffer.from(bytes))
  }

  #over(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    clearInterval(this.#ping)
    clearTimeout(this.#silence)
    this.#onOver(reason)
  }
}
