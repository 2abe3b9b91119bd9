import type { LookupAddress } from 'node:dns'
import { connect, type Socket } from 'node:net'
import type { Clock, Timer } from '#kit'

/** RFC 8305 §5: how long one address has the field to itself. */
const HEAD_START_MS = 250

export interface ConnectOptions {
  readonly port: number
  readonly clock: Clock
  /** Ends all attempts; what is waited for rejects with its reason. */
  readonly signal: AbortSignal
}

/** One address that could not be connected to. */
export interface FailedAttempt {
  readonly address: string
  readonly error: NodeJS.ErrnoException
}

/** Nothing answered at any of the addresses. */
export class NoConnectionError extends Error {
  override name = 'NoConnectionError'
  /** In the order in which they failed, at least one. */
  readonly attempts: readonly FailedAttempt[]

  constructor(attempts: readonly FailedAttempt[]) {
    super('no connection')
    this.attempts = attempts
  }
}

/**
 * Connects to the first of these addresses that answers (RFC 8305): the next one is tried when one has failed or not
 * answered for a while, and those that were tried go on. Rejects with a `NoConnectionError` when all of them failed.
 */
export function connectToAny(addresses: readonly LookupAddress[], options: ConnectOptions): Promise<Socket> {
  const { port, clock, signal } = options
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const underWay = new Set<Socket>()
  const failed: FailedAttempt[] = []
  const waiting = [...addresses]
  let timer: Timer | undefined

  const stop = () => {
    timer?.cancel()
    signal.removeEventListener('abort', onAbort)
    for (const socket of underWay) socket.destroy()
    underWay.clear()
  }
  const onAbort = () => {
    stop()
    reject(signal.reason)
  }
  const tryNext = () => {
    timer?.cancel()
    const next = waiting.shift()
    if (next !== undefined) attempt(next.address)
    if (waiting.length > 0) timer = clock.after(HEAD_START_MS, tryNext)
    else if (underWay.size === 0) {
      stop()
      reject(new NoConnectionError(failed))
    }
  }
  const attempt = (address: string) => {
    // What waits in an outbox may still go out when the other side has ended its half.
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true })
    underWay.add(socket)
    // Stays: between here and the next reader a reset must not end the process.
    socket.on('error', (error) => {
      if (!underWay.delete(socket)) return
      failed.push({ address, error })
      tryNext()
    })
    socket.once('connect', () => {
      underWay.delete(socket)
      stop()
      resolve(socket)
    })
  }

  signal.addEventListener('abort', onAbort, { once: true })
  tryNext()
  return promise
}
