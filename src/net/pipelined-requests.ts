import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Requests of one connection that may wait for others. The few programs that send ahead send about ten. */
const MAX_WAITING = 32

interface Waiting {
  readonly response: ServerResponse
  readonly serve: () => void
}

/**
 * Serves the requests of each connection one after the other. A client may send the next before it has the answer (RFC
 * 9112 §9.3.2), and Node hands all of them over at once, however many: each would be kept in memory until those before
 * it are answered, and one whose turn never comes would not even be told that its connection is gone.
 */
export class PipelinedRequests {
  /** Of connections with a request under way: those that wait for its answer. */
  readonly #waiting = new WeakMap<Duplex, Waiting[]>()

  isUnderWay(socket: Duplex): boolean {
    return this.#waiting.has(socket)
  }

  /** Calls `serve` when the answers before `response` are given. A connection with too many that wait is cut. */
  take(socket: Duplex, response: ServerResponse, serve: () => void): void {
    // What is left of a read whose beginning was enough to be cut for.
    if (socket.destroyed) return
    const waiting = this.#waiting.get(socket)
    if (waiting === undefined) {
      this.#waiting.set(socket, [])
      this.#serve(socket, { response, serve })
    } else if (waiting.length < MAX_WAITING) {
      waiting.push({ response, serve })
    } else {
      socket.destroy()
    }
  }

  #serve(socket: Duplex, { response, serve }: Waiting): void {
    response.once('close', () => this.#serveNext(socket))
    serve()
  }

  #serveNext(socket: Duplex): void {
    const next = socket.writable ? this.#waiting.get(socket)?.shift() : undefined
    if (next === undefined) this.#waiting.delete(socket)
    else this.#serve(socket, next)
  }
}
