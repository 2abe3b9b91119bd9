import { connect, type Socket } from 'node:net'
import type { ListenAddress } from '#net'
import { encodeMaskedFrame, Opcode } from '#wire/websocket'
import type { Transport } from './order.ts'

const CONNECT_OPTIONS = { verbose: false, pedantic: false, protocol: 1, headers: true, lang: 'bench', version: '1' }

/** All sockets of the process read into one buffer: nothing is kept, bytes are only counted. */
const readBuffer = Buffer.allocUnsafe(256 * 1024)

export interface LeanClientOptions {
  readonly address: ListenAddress
  readonly transport: Transport
  /** Whom it logs in as, with the password `p`; default: nobody. */
  readonly user?: string | undefined
  /** What it says after CONNECT. */
  readonly lines?: string
  /** Bytes of the NATS protocol that came since the last call, without what WebSocket adds. */
  onStreamBytes?(count: number): void
}

/**
 * A NATS client that does as little as it can, so that the server is what is measured: no parser, no objects, it only
 * counts. Resolves when the server has taken `lines`.
 */
export function connectLeanClient(options: LeanClientOptions): Promise<Socket> {
  const { address, transport, user, lines = '', onStreamBytes = () => {} } = options
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const frames = new FrameSkipper()
  const connectOptions = user === undefined ? CONNECT_OPTIONS : { ...CONNECT_OPTIONS, user, pass: 'p' }
  const greeting = Buffer.from(`CONNECT ${JSON.stringify(connectOptions)}\r\n${lines}PING\r\n`)
  let isUpgraded = false
  let isReady = false
  let heard = ''

  const read = (byteCount: number, bytes: Uint8Array): boolean => {
    const streamBytes = isUpgraded ? frames.payloadBytes(bytes, byteCount) : byteCount
    if (isReady) onStreamBytes(streamBytes)
    else hear(Buffer.from(bytes.subarray(0, byteCount)).toString('latin1'))
    return true
  }
  const hear = (text: string) => {
    heard += text
    const headEnd = transport === 'websocket' && !isUpgraded ? heard.indexOf('\r\n\r\n') : -1
    if (headEnd >= 0) {
      if (!heard.startsWith('HTTP/1.1 101 ')) return fail(new Error(`The server refused: ${heard}`))
      isUpgraded = true
      // The first frame may have come along.
      const rest = Buffer.from(heard.slice(headEnd + 4), 'latin1')
      frames.payloadBytes(rest, rest.length)
      socket.write(encodeMaskedFrame(Opcode.BINARY, greeting, Buffer.from([1, 2, 3, 4])))
    } else if (heard.includes('PONG\r\n')) {
      isReady = true
      resolve(socket)
    }
  }

  const socket = connect({ ...address, onread: { buffer: readBuffer, callback: read } })
  socket.setNoDelay(true)
  const fail = (error: Error) => {
    // Somebody who is gone makes figures that look good.
    if (isReady) throw error
    reject(error)
  }
  socket.on('error', fail)
  socket.on('end', () => fail(new Error(`The server hung up after ${JSON.stringify(heard)}`)))
  socket.write(transport === 'tcp' ? greeting : upgradeRequest(address))
  return promise
}

function upgradeRequest({ host, port }: ListenAddress): string {
  return [
    'GET / HTTP/1.1',
    `Host: ${host}:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    '\r\n',
  ].join('\r\n')
}

/** Jumps from one frame header to the next. Frames of servers are not masked. */
class FrameSkipper {
  /** What is left of the payload in hand. */
  #left = 0
  /** A header that was cut by the end of a read. */
  readonly #header = Buffer.alloc(10)
  #headerBytes = 0

  payloadBytes(bytes: Uint8Array, end: number): number {
    let count = 0
    let at = 0
    while (at < end) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, end - at)
        count += step
        at += step
        this.#left -= step
      } else {
        this.#header[this.#headerBytes++] = bytes[at++]!
        this.#readHeader()
      }
    }
    return count
  }

  #readHeader(): void {
    if (this.#headerBytes < 2) return
    const length = this.#header[1]! & 0x7f
    if (length < 126) this.#left = length
    else if (length === 126 && this.#headerBytes === 4) this.#left = this.#header.readUInt16BE(2)
    else if (length === 127 && this.#headerBytes === 10) this.#left = Number(this.#header.readBigUInt64BE(2))
    else return
    this.#headerBytes = 0
  }
}
