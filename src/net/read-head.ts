import type { Socket } from 'node:net'
import { type Clock, systemClock } from '#kit'

/** What was made of the first bytes, and how many of them are used up by it. */
export interface Head<T> {
  readonly value: T
  readonly byteLength: number
}

/** The connection ended before its first bytes were complete. */
export class EndedEarlyError extends Error {
  override name = 'EndedEarlyError'
}

/**
 * Looks at what a connection sends first, before whoever reads it for good is there. `parse` is given all that came so
 * far, each time that something comes, and answers `undefined` as long as that is too little: it must bound how much
 * that can be. What it does not use is put back. The socket is paused afterwards; `resume()` or a TLS wrapper start it.
 *
 * Resolves with `undefined` when `timeoutMs` passed; what came is put back. Rejects with what `parse` throws, and with
 * an `EndedEarlyError`.
 */
export function readHead<T>(
  socket: Socket,
  parse: (bytes: Buffer) => Head<T> | undefined,
  timeoutMs: number,
  clock: Clock = systemClock,
): Promise<T | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>()
  let bytes: Buffer = Buffer.alloc(0)

  const stop = (usedBytes: number) => {
    timer.cancel()
    socket.off('data', onData).off('end', onEnd).off('close', onEnd)
    socket.pause()
    if (usedBytes < bytes.length) socket.unshift(bytes.subarray(usedBytes))
  }
  const onData = (chunk: Buffer) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    try {
      const head = parse(bytes)
      if (head === undefined) return
      stop(head.byteLength)
      resolve(head.value)
    } catch (error) {
      stop(bytes.length)
      reject(error)
    }
  }
  const onEnd = () => {
    stop(bytes.length)
    reject(new EndedEarlyError('the connection ended'))
  }
  const timer = clock.after(timeoutMs, () => {
    stop(0)
    resolve(undefined)
  })

  // Nobody else listens yet, and until the next reader does: without this a reset would end the process.
  socket.on('error', ignore)
  socket.on('end', onEnd).on('close', onEnd)
  socket.on('data', onData)
  socket.resume()
  return promise
}

function ignore(): void {}
