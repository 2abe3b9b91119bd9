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
  /** Where the socket is somebody else's now, what came behind the answer. */
  readonly head: Buffer
  /** The beginning of the body, for once; empty where the socket is somebody else's. Rejects when the connection breaks. */
  body(): Promise<Buffer>
}

/**
 * Makes one request on a connected socket. The socket is somebody else's after a 101, and after any answer to CONNECT:
 * nobody reads on then. After any other answer it is of no use.
 *
 * A head is at most 16 KiB long. Rejects with the errors of `node:http` and of the socket.
 */
export function exchangeHttp(socket: Socket, { method, path, headers }: HttpExchange): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
  const outgoing = request({ createConnection: () => socket, method, path, headers })
  // A proxy might take it for a wish about its own connection.
  if (method === 'CONNECT') outgoing.removeHeader('Connection')
  const onSwitched = (message: IncomingMessage, _: unknown, head: Buffer) => {
    resolve({ ...headOf(message), head, body: () => Promise.resolve(NOTHING) })
  }
  outgoing.on('upgrade', onSwitched).on('connect', onSwitched)
  outgoing.on('response', (message) => {
    resolve({ ...headOf(message), head: NOTHING, body: () => beginningOf(message) })
  })
  // A 101 that does not say what it switches to. Other statuses below 200 announce that another one comes.
  outgoing.on('information', (message) => {
    if (message.statusCode === 101) resolve({ ...headOf(message), head: NOTHING, body: () => Promise.resolve(NOTHING) })
  })
  outgoing.on('error', reject)
  outgoing.end()
  return promise
}

const NOTHING = Buffer.alloc(0)

function headOf({
  statusCode,
  statusMessage,
  headers,
}: Pick<IncomingMessage, 'statusCode' | 'statusMessage' | 'headers'>) {
  return { status: statusCode!, statusText: statusMessage ?? '', headers }
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
