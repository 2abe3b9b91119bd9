import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Requests that a connection may have sent before the first of them is answered. */
const MAX_WAITING = 32

interface Line {
  /** Those whose turn has not come. */
  waiting: number
  /** Resolves when the last that was let in is answered whole; never when the connection ended before. */
  last: Promise<void> | undefined
}

/**
 * Lets the requests of a connection in one after the other, each when the answer before it has gone out. Node hands all
 * of a pipeline over at once: a read has room for two thousand, whose answers would be made in one turn of the event
 * loop and stand in memory together.
 */
export class OneByOne {
  readonly #lines = new WeakMap<Socket, Line>()

  /** Resolves when it is this request's turn. A connection that sends too many is ended, and its turns never come. */
  async turnOf({ socket }: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = this.#lines.get(socket) ?? { waiting: 0, last: undefined }
    this.#lines.set(socket, line)
    const { last } = line
    const { promise, resolve } = Promise.withResolvers<void>()
    response.once('close', resolve)
    line.last = promise
    if (last === undefined) return
    if (++line.waiting > MAX_WAITING) socket.destroy()
    await last
    await nextTurn()
    line.waiting--
  }
}
