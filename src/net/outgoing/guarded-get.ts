import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import type { Socket } from 'node:net'
import { checkPort, type GuardRules, type GuardTools, guardedConnection } from './guarded-connection.ts'
import { readUpTo } from './read-up-to.ts'
import { withDeadline } from './with-deadline.ts'

export interface GetRequest {
  /** Longest body; of a longer one as much is read. Bytes. */
  readonly maxBytes: number
  /** For all of it, redirects included. */
  readonly timeoutMs: number
  readonly headers?: OutgoingHttpHeaders
  readonly signal?: AbortSignal
}

export interface GetAnswer {
  /** HTTP, never a redirect. */
  readonly status: number
  /** Where redirects have led. */
  readonly url: URL
  readonly body: Buffer
  /** Whether there was more of the body. */
  readonly isCut: boolean
}

/**
 * `GET`, rejecting with a `BlockedError` when the rules forbid a host on the way, and with other errors when it was not
 * reached in time or did not answer HTTP.
 */
export type GuardedGet = (url: URL, options: GetRequest) => Promise<GetAnswer>

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * Fetches what strangers name, and nothing of ours by it: only HTTP and HTTPS on their own ports; every host, that of each
 * redirect too, held against the rules; the connection made to the very addresses that were checked; no cookies, no
 * credentials, no Referer; the body bounded.
 */
export function guardedGet(rules: GuardRules, tools: GuardTools): GuardedGet {
  const { clock } = tools
  const open = guardedConnection(rules, tools)

  return (start, options) => {
    const { timeoutMs, signal: caller, headers = {}, maxBytes } = options
    const late = () => new Error(`no answer after ${timeoutMs} ms`)
    return withDeadline({ clock, timeoutMs, signal: caller }, late, async (signal) => {
      let url = start
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        checkPort(url)
        const socket = await open(url, { signal, timeoutMs })
        try {
          const message = await ask(socket, url, headers, signal)
          const next = redirectOf(message, url)
          if (next === undefined) {
            const read = await readUpTo(message, maxBytes)
            // A body that ends with its connection ends with ours too, and is not whole.
            signal.throwIfAborted()
            return { status: message.statusCode!, url, ...read }
          }
          url = next
        } finally {
          socket.destroy()
        }
      }
      throw new Error(`more than ${MAX_REDIRECTS} redirects`)
    })
  }
}

function ask(socket: Socket, url: URL, headers: OutgoingHttpHeaders, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const outgoing = request({
    createConnection: () => socket,
    path: url.pathname + url.search,
    headers: { ...headers, Host: url.host, 'Accept-Encoding': 'identity', Connection: 'close' },
    signal,
  })
  outgoing.on('response', resolve).on('error', reject)
  // A server that goes on with something else than HTTP has not answered, and Node says no more of it.
  outgoing.on('upgrade', () => reject(new Error('an upgrade that nobody asked for')))
  outgoing.end()
  return promise
}

/** Where the answer leads; undefined when it is no redirect. */
function redirectOf({ statusCode = 0, headers: { location } }: IncomingMessage, from: URL): URL | undefined {
  if (!REDIRECTS.has(statusCode) || location === undefined) return undefined
  const url = URL.parse(location, from.href)
  if (url === null) throw new Error('a redirect to what is no URL')
  return url
}
