import { connect, type Socket } from 'node:net'
import type { ListenAddress } from '#net'
import { encodeHandshakeRequest, messagePackProtocol } from '#wire/signalr'
import { encodeMaskedFrame, MessageAssembler, Opcode } from '#wire/websocket'
import type { Resident } from './town.ts'

const MASK = Buffer.from([1, 2, 3, 4])
const HANDSHAKE = encodeMaskedFrame(Opcode.TEXT, encodeHandshakeRequest({ protocol: 'messagepack', version: 1 }), MASK)
const { ping } = messagePackProtocol(64)
const PING = encodeMaskedFrame(Opcode.BINARY, ping, MASK)
/** What servers send as the answer to a handshake that they accept. */
const ACCEPTED = '{}\x1e'

/** All sockets of the process read into one buffer. */
const readBuffer = Buffer.allocUnsafe(256 * 1024)

export interface LeanDeviceOptions {
  readonly address: ListenAddress
  readonly resident: Resident
  /** Called once for each event. */
  onEvent(): void
  /** Called when the server ends it, or the connection breaks. */
  onLost(): void
}

/**
 * A device on the notification hub that does as little as it can, so that the server is what is measured. It connects
 * as the apps do: WebSocket at once with the token in the query, MessagePack.
 */
export class LeanDevice {
  readonly #options: LeanDeviceOptions
  readonly #socket: Socket
  readonly #reader: MessageAssembler
  #state: 'upgrading' | 'greeting' | 'open' = 'upgrading'
  #head = ''
  #opened: PromiseWithResolvers<void> | undefined

  constructor(options: LeanDeviceOptions) {
    this.#options = options
    const { address } = options
    const callback = (byteCount: number, bytes: Uint8Array) => this.#read(bytes.subarray(0, byteCount))
    this.#socket = connect({ ...address, onread: { buffer: readBuffer, callback } })
    this.#reader = new MessageAssembler(
      { maskRequired: false, validateText: false, maxMessageBytes: 1024 * 1024 },
      {
        onMessage: (data) => this.#hear(data),
        onPing: (payload) => void this.#socket.write(encodeMaskedFrame(Opcode.PONG, payload, MASK)),
        onPong: () => {},
        onClose: (code, reason) => this.#lost(new Error(`The server closed the connection: ${code} ${reason}`)),
      },
    )
    this.#socket.setNoDelay(true)
    this.#socket.on('error', (error) => this.#lost(error))
    this.#socket.on('end', () => this.#lost(new Error(`The server hung up: ${JSON.stringify(this.#head)}`)))
    this.#socket.write(upgradeRequest(options))
  }

  /** Resolves when it hears. Rejects when the server does not want it. */
  opened(): Promise<void> {
    this.#opened = Promise.withResolvers()
    return this.#opened.promise
  }

  ping(): void {
    this.#socket.write(PING)
  }

  /** Without a word, as somebody whose network is gone. */
  drop(): void {
    this.#socket
      .removeAllListeners('error')
      .removeAllListeners('end')
      .on('error', () => {})
    this.#socket.destroy()
  }

  #read(bytes: Uint8Array): boolean {
    // A view of what all sockets share. The reader copies what it has to keep.
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    if (this.#state !== 'upgrading') {
      this.#reader.feed(chunk)
      return true
    }
    this.#head += chunk.toString('latin1')
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return true
    if (!this.#head.startsWith('HTTP/1.1 101 ')) {
      this.#lost(new Error(`The server refused: ${this.#head}`))
      return false
    }
    const rest = Buffer.from(this.#head.slice(end + 4), 'latin1')
    this.#head = ''
    this.#state = 'greeting'
    this.#socket.write(HANDSHAKE)
    this.#reader.feed(rest)
    return true
  }

  #hear(message: Buffer): void {
    if (this.#state === 'open') {
      if (message.length <= ping.length) return
      const { resident, onEvent } = this.#options
      // Ids are ASCII in MessagePack as well.
      if (!message.includes(resident.userId, 0, 'latin1')) throw new Error('A device heard of somebody else')
      onEvent()
    } else if (message.toString('latin1') === ACCEPTED) {
      this.#state = 'open'
      this.#opened?.resolve()
      this.#opened = undefined
    } else {
      this.#lost(new Error(`The server answered the handshake with ${JSON.stringify(message.toString('latin1'))}`))
    }
  }

  #lost(error: Error): void {
    this.drop()
    this.#opened?.reject(error)
    this.#opened = undefined
    if (this.#state === 'open') this.#options.onLost()
  }
}

function upgradeRequest({ address: { host, port }, resident }: LeanDeviceOptions): string {
  return [
    `GET /notifications/hub?access_token=${resident.accessToken} HTTP/1.1`,
    `Host: ${host}:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    '\r\n',
  ].join('\r\n')
}
