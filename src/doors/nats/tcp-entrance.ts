import type { Socket } from 'node:net'
import type { Clock } from '#kit'
import { errLine } from '#wire/nats'

/** TLS as a TCP listener has it: what of its settings the door has to know, and how to begin. */
export interface TcpTls {
  /** For the client to begin, and again for the handshake. */
  readonly timeoutMs: number
  /** TLS comes before INFO; or, as milliseconds, does so when the client begins within that time. */
  readonly handshakeFirst: boolean | number
  /** Clients that begin with anything but TLS are served in plain text. */
  readonly allowNonTls: boolean
  /** Becomes the server side of TLS on a socket from which nobody reads. Rejects, and destroys it, when that fails. */
  accept(socket: Socket): Promise<Socket>
}

export interface Entrance {
  readonly clock: Clock
  /** The line, which goes out in plain text unless TLS comes first. */
  readonly infoLine: () => string
}

export interface Entered {
  readonly socket: Socket
  /** Whether INFO has gone out. */
  readonly isGreeted: boolean
}

/** What nats-server says to those who did not begin with TLS where it is required. */
const TLS_REQUIRED = errLine('Secure Connection - TLS Required')

/** The first byte of every TLS connection: a record of a handshake (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16

/** How long a client may take to read why it was refused. */
const LINGER_MS = 2_000

/**
 * Brings a new TCP connection to where NATS is spoken: INFO in plain text, then TLS, or the other way round. Rejects
 * with a reason for the log when it does not get there; the socket is ended or destroyed then.
 */
export async function enterByTls(socket: Socket, tls: TcpTls, { clock, infoLine }: Entrance): Promise<Entered> {
  // A connection that breaks here has nobody else who would hear of it.
  socket.on('error', () => {})
  if (tls.handshakeFirst === true) return { socket: await tls.accept(socket), isGreeted: false }
  if (tls.handshakeFirst !== false && (await firstByte(socket, tls.handshakeFirst, clock)) !== undefined) {
    return { socket: await tls.accept(socket), isGreeted: false }
  }
  socket.write(infoLine())
  const first = await firstByte(socket, tls.timeoutMs, clock)
  if (first === TLS_HANDSHAKE) return { socket: await tls.accept(socket), isGreeted: true }
  if (tls.allowNonTls && !socket.destroyed) return { socket, isGreeted: true }
  socket.end(TLS_REQUIRED)
  clock.after(LINGER_MS, () => socket.destroy())
  socket.resume()
  throw new Error(first === undefined ? 'the client did not begin TLS in time' : 'the client does not speak TLS')
}

/** Of what the client sends, which stays to be read; `undefined` when nothing comes in time, or nothing will. */
async function firstByte(socket: Socket, timeoutMs: number, clock: Clock): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(timeoutMs, resolve)
  const wake = () => resolve()
  for (const event of ['readable', 'end', 'close']) socket.once(event, wake)
  await promise
  timer.cancel()
  for (const event of ['readable', 'end', 'close']) socket.off(event, wake)
  const bytes = socket.read() as Buffer | null
  if (bytes === null) return undefined
  socket.unshift(bytes)
  return bytes[0]
}
