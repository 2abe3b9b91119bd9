import { connect, type Socket } from 'node:net'
import type { ListenAddress } from '#net'

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface LoginOptions {
  readonly server: ListenAddress
  readonly credentials: Credentials
  /** Whence; any of this machine's. */
  readonly localAddress: string
}

/** A login over TCP that was answered with `PONG`, and what it took from the connection on; the socket stays open. */
export interface AcceptedLogin {
  readonly socket: Socket
  readonly tookMs: number
}

/** A login that takes longer is given up. */
const PATIENCE_MS = 5_000

/** Resolves with `undefined` when the server refuses, hangs up or takes too long. Rejects when it cannot be reached. */
export function logIn({ server, credentials, localAddress }: LoginOptions): Promise<AcceptedLogin | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<AcceptedLogin | undefined>()
  const socket = connect({ ...server, localAddress, noDelay: true })
  const startMs = performance.now()
  const patience = setTimeout(() => socket.destroy(), PATIENCE_MS)
  const { user, password: pass } = credentials
  let said = ''
  const onData = (chunk: Buffer) => {
    if (said === '') socket.write(`CONNECT ${JSON.stringify({ verbose: false, user, pass })}\r\nPING\r\n`)
    said += chunk.toString('latin1')
    if (!said.includes('PONG\r\n')) return
    socket.off('data', onData)
    clearTimeout(patience)
    resolve({ socket, tookMs: performance.now() - startMs })
  }
  socket.on('data', onData)
  // A busy server may end a connection by a reset.
  socket.on('error', (error) => (said === '' && socket.pending ? reject(error) : resolve(undefined)))
  socket.on('close', () => {
    clearTimeout(patience)
    resolve(undefined)
  })
  return promise
}
