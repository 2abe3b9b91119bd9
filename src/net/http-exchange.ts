import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import type { Socket } from 'node:net'

/** As much of an answer's body is looked at. */
const MAX_BODY_BYTES = 1024

export interface HttpExchange {
  readonly method: 'GET' | 'CONNECT'
  /** As it stands in the request line. */
  readonly path: string
  readonly headers: OutgoingHttpHeaders
}

/** How a server answered. */
export interface HttpAnswer {
  readonly status: number
  readonly statusText: string
  readonly headers: IncomingMessage['headers']
  /** What came behind the head of an answer that has no body; where there may be one, its beginning. */
  readonly head: Buffer
}

/**
 * Makes one request on a connected socket, after which the socket is somebody else's: what came behind the head of the
 * answer is in `head`, and nobody reads on, where it was a 101 with its headers, or any answer to CONNECT.
 *
 * A head is at most 16 KiB long. Rejects with the errors of `node:http` and of the socket.
 */
export function exchangeHttp(socket: Socket, { method, path, headers }: HttpExchange): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
  const outgoing = request({ createConnection: () => socket, method, path, headers })
  // A proxy might take it for a wish about its own connection.
  if (method === 'CONNECT') outgoing.removeHeader('Connection')
  const onSwitched = (message: IncomingMessage, _: unknown, head: Buffer) => resolve(answer(message, head))
  outgoing.on('upgrade', onSwitched).on('connect', onSwitched)
  outgoing.on('response', (message) => beginningOf(message).then((body) => resolve(answer(message, body)), reject))
  // A 101 that does not say what it switches to. Other statuses below 200 announce that another one comes.
  outgoing.on('information', ({ statusCode, statusMessage, headers }) => {
    if (statusCode === 101) resolve({ status: 101, statusText: statusMessage, headers, head: NOTHING })
  })
  outgoing.on('error', reject)
  outgoing.end()
  return promise
}

const NOTHING = Buffer.alloc(0)

function answer({ statusCode, statusMessage, headers }: IncomingMessage, head: Buffer): HttpAnswer {
  return { status: statusCode!, statusText: statusMessage ?? '', headers, head }
}

async function beginningOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of message as AsyncIterable<Buffer>) {
    pieces.push(piece)
    length += piece.length
    if (length >= MAX_BODY_BYTES) break
  }
  return Buffer.concat(pieces).subarray(0, MAX_BODY_BYTES)
}
