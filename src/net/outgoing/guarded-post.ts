import { Agent, type ClientRequestArgs, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '#kit'
import { type GuardedConnect, type GuardRules, type GuardTools, guardedConnection } from './guarded-connection.ts'
import { readUpTo } from './read-up-to.ts'
import { withDeadline } from './with-deadline.ts'

export interface PostRequest {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string | number>>
  /** Until as much of the answer is there as is waited for. */
  readonly timeoutMs: number
  /**
   * Longest body of an answer; of a longer one as much is read. Bytes. Default: none is kept, and no more of it waited for
   * than 16 KiB or 5 s.
   */
  readonly maxBytes?: number
  readonly signal?: AbortSignal | undefined
}

export interface PostAnswer {
  /** HTTP, as it is: redirects too. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Empty unless it was asked for. */
  readonly body: Buffer
}

const NOTHING = Buffer.alloc(0)

/** Origins for which connections are kept. There are few push services; strangers may name many. */
const MAX_ORIGINS = 32
/** Of each origin, connections that nobody uses at the moment. */
const MAX_IDLE = 4
/** Push services keep theirs for minutes. Whoever closes first saves the other one a request that fails. */
const MAX_IDLE_MS = 60_000

/** For connecting, and once more for TLS. */
const CONNECT_MS = 10_000

/** More of a body than this is not waited for: the connection is closed. */
const MAX_BODY_BYTES = 16 * 1024
const MAX_BODY_MS = 5_000

/**
 * POSTs to URLs that strangers wrote, by the rules of `guardedGet`, but never to where a redirect leads. Connections are kept
 * for the next request to the same origin: a TLS handshake costs more than all else. How many requests are under way at once
 * is the caller's business.
 */
export class GuardedPost {
  readonly #clock: Clock
  readonly #open: GuardedConnect
  readonly #agents = new Map<string, OriginAgent>()
  #isClosed = false

  constructor(rules: GuardRules, tools: GuardTools) {
    this.#clock = tools.clock
    this.#open = guardedConnection(rules, tools)
  }

  /**
   * Resolves with whatever answer there is. Rejects with a `BlockedError` when the rules forbid the host, with a
   * `DialError` of code `ABORTED` when the caller gave up, and with other errors when there was no answer in time. When it
   * rejects the request may have arrived all the same.
   */
  send(url: URL, options: PostRequest): Promise<PostAnswer> {
    const { timeoutMs, signal: caller } = options
    const late = () => new Error(`no answer after ${timeoutMs} ms`)
    return withDeadline({ clock: this.#clock, timeoutMs, signal: caller }, late, async (signal) => {
      const attempt = { url, ...options, signal }
      const kept = this.#agentOf(url)
      const { promise, isOnKeptConnection } = this.#ask(attempt, kept ?? this.#agentFor(url, false))
      try {
        return await promise
      } catch (error) {
        // The other side may have closed it just as we wrote, which says nothing about the service.
        if (!isOnKeptConnection() || signal.aborted) throw error
        return await this.#ask(attempt, this.#agentFor(url, false)).promise
      }
    })
  }

  /** Keeps no connection any more. Requests on those that were kept are cut off. */
  close(): void {
    this.#isClosed = true
    for (const agent of this.#agents.values()) agent.destroy()
    this.#agents.clear()
  }

  /** Undefined: as many origins as may be have connections already. */
  #agentOf(url: URL): OriginAgent | undefined {
    if (this.#isClosed) return undefined
    const known = this.#agents.get(url.origin)
    if (known !== undefined) return known
    if (this.#agents.size >= MAX_ORIGINS) {
      for (const [origin, agent] of this.#agents) if (agent.isUnused) this.#agents.delete(origin)
    }
    if (this.#agents.size >= MAX_ORIGINS) return undefined
    const agent = this.#agentFor(url, true)
    this.#agents.set(url.origin, agent)
    return agent
  }

  #agentFor(url: URL, keepsAlive: boolean): OriginAgent {
    return new OriginAgent(new URL(url.origin), this.#open, keepsAlive)
  }

  #ask(post: PostRequest & { readonly url: URL; readonly signal: AbortSignal }, agent: OriginAgent) {
    const { url, headers, body, maxBytes, signal } = post
    const { promise, resolve, reject } = Promise.withResolvers<PostAnswer>()
    const outgoing = request({
      agent,
      method: 'POST',
      path: url.pathname + url.search,
      headers: { ...headers, Host: url.host, 'Content-Length': body.length },
      signal,
    })
    outgoing.on('response', (message) => {
      const head = { status: message.statusCode!, headers: message.headers }
      if (maxBytes === undefined) {
        // It has answered, however it ends: but who never did would have more connections than requests under way.
        outgoing.off('error', reject).on('error', () => {})
        this.#drop(message, () => resolve({ ...head, body: NOTHING }))
      } else readUpTo(message, maxBytes).then((read) => resolve({ ...head, body: read.body }), reject)
    })
    outgoing.on('error', reject)
    // A server that goes on with something else than HTTP has not answered, and Node says no more of it.
    outgoing.on('upgrade', (_, socket) => {
      socket.destroy()
      reject(new Error('an upgrade that nobody asked for'))
    })
    outgoing.end(body)
    return { promise, isOnKeptConnection: () => outgoing.reusedSocket }
  }

  /** Reads the body to its end, so that the connection can be used again, but not a long or slow one. */
  #drop(message: IncomingMessage, onEnd: () => void): void {
    let length = 0
    const timer = this.#clock.after(MAX_BODY_MS, () => message.destroy())
    message.on('data', (piece: Buffer) => {
      length += piece.length
      if (length > MAX_BODY_BYTES) message.destroy()
    })
    message.on('error', () => {})
    message.once('close', () => {
      timer.cancel()
      onEnd()
    })
  }
}

/** Makes and keeps the connections to one origin. */
class OriginAgent extends Agent {
  readonly #origin: URL
  readonly #open: GuardedConnect
  #opening = 0

  constructor(origin: URL, open: GuardedConnect, keepsAlive: boolean) {
    super({ keepAlive: keepsAlive, maxFreeSockets: MAX_IDLE, timeout: MAX_IDLE_MS })
    this.#origin = origin
    this.#open = open
  }

  /** Whether there is no connection, nor will be one. */
  get isUnused(): boolean {
    const sockets = [...Object.values(this.sockets), ...Object.values(this.freeSockets)]
    return this.#opening === 0 && sockets.every((list) => list === undefined || list.length === 0)
  }

  override createConnection(
    { signal }: ClientRequestArgs,
    done: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    this.#opening++
    this.#open(this.#origin, { signal: signal!, timeoutMs: CONNECT_MS })
      .finally(() => this.#opening--)
      .then(
        (socket) => {
          // When the other side ends a connection that is kept, so do we: `dial` makes those that stay half open.
          socket.allowHalfOpen = false
          done(null, socket)
        },
        (error: Error) => done(error, undefined as never),
      )
  }
}
