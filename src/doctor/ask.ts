import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as startRequest } from 'node:http'
import type { Socket } from 'node:net'
import { CONNECT_TIMEOUT_MS, type Place } from './place.ts'

const ANSWER_TIMEOUT_MS = 10_000

/** An answer that has begun, and of which nothing more comes for so long, is taken as it is. */
const PART_TIMEOUT_MS = 2_500

/** As much of an answer is looked at. */
const MAX_BODY_BYTES = 64 * 1024

export interface Question {
  /** Default `GET`. */
  readonly method?: string
  /** Beginning with a slash; below the path of the server. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Whether the connection is wanted after a 101; else it ends with it, though somebody answers one. */
  readonly keepsUpgraded?: boolean
  /** For the whole answer; milliseconds. Default 10,000. */
  readonly timeoutMs?: number
}

export interface Answer {
  /** What was asked for. */
  readonly url: URL
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Whether all names of headers were in lower case, as some proxies make them. */
  readonly namesAreLowerCase: boolean
  /** Its beginning. */
  readonly body: string
  /** When its parts came; milliseconds since the first. */
  readonly partsAtMs: readonly number[]
  /** Our end of the connection. */
  readonly local: { readonly address: string; readonly port: number }
  /** Where the connection goes on after a 101, where it was wanted, and what came behind it. */
  readonly upgraded: { readonly socket: Socket; readonly head: Buffer } | undefined
}

/** There was no answer, or none that is HTTP. The message is a whole sentence without its end. */
export class NoAnswer extends Error {
  override name = 'NoAnswer'
}

/** Asks over a connection of its own. Rejects with `NoAnswer`, or with the reason of the signal. */
export async function ask(place: Place, question: Question, signal: AbortSignal): Promise<Answer> {
  const { method = 'GET', path, headers = {}, body, keepsUpgraded = false, timeoutMs = ANSWER_TIMEOUT_MS } = question
  const connectDeadline = AbortSignal.timeout(CONNECT_TIMEOUT_MS)
  const socket = await place.connect(AbortSignal.any([signal, connectDeadline])).catch((error: Error) => {
    signal.throwIfAborted()
    throw new NoAnswer(connectionWords(error), { cause: error })
  })
  const deadline = AbortSignal.timeout(timeoutMs)
  const give = () => socket.destroy()
  const either = AbortSignal.any([signal, deadline])
  either.addEventListener('abort', give, { once: true })
  const local = { address: socket.localAddress ?? '', port: socket.localPort ?? 0 }
  const outgoing = startRequest({
    createConnection: () => socket,
    method,
    path: place.basePath + path,
    headers: {
      Host: place.url.host,
      'User-Agent': 'belfry-doctor',
      Accept: '*/*',
      Connection: 'close',
      ...(body !== undefined && { 'Content-Length': String(Buffer.byteLength(body)) }),
      ...headers,
    },
  })
  try {
    const answer = await answerTo(outgoing, body)
    const upgraded = keepsUpgraded ? answer.upgraded : undefined
    if (upgraded === undefined) socket.destroy()
    return { ...answer, upgraded, url: new URL(place.basePath + path, place.url), local }
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    if (deadline.aborted) throw new NoAnswer(`there was no answer within ${timeoutMs / 1000} s`)
    throw new NoAnswer(connectionWords(error as Error), { cause: error })
  } finally {
    either.removeEventListener('abort', give)
  }
}

function answerTo(outgoing: ClientRequest, body: string | undefined): Promise<Omit<Answer, 'url' | 'local'>> {
  const { promise, resolve, reject } = Promise.withResolvers<Omit<Answer, 'url' | 'local'>>()
  outgoing.on('error', reject)
  outgoing.on('response', (message) => {
    bodyOf(message).then((read) => resolve({ ...headOf(message), ...read, upgraded: undefined }), reject)
  })
  const nothing = { body: '', partsAtMs: [] }
  outgoing.on('upgrade', (message, socket, head) => {
    resolve({ ...headOf(message), ...nothing, upgraded: { socket: socket as Socket, head } })
  })
  // A 101 that does not say what it switches to.
  outgoing.on('information', (info) => {
    if (info.statusCode !== 101) return
    resolve({ ...headOf(info as unknown as IncomingMessage), ...nothing, upgraded: undefined })
  })
  outgoing.end(body)
  return promise
}

function headOf({
  statusCode = 0,
  headers,
  rawHeaders,
}: Pick<IncomingMessage, 'statusCode' | 'headers' | 'rawHeaders'>) {
  const names = rawHeaders.filter((_, i) => i % 2 === 0)
  return { status: statusCode, headers, namesAreLowerCase: names.every((name) => name === name.toLowerCase()) }
}

async function bodyOf(message: IncomingMessage): Promise<Pick<Answer, 'body' | 'partsAtMs'>> {
  const parts: Buffer[] = []
  const partsAtMs: number[] = []
  const startMs = performance.now()
  let length = 0
  const timer = setTimeout(() => message.destroy(), PART_TIMEOUT_MS)
  try {
    for await (const part of message as AsyncIterable<Buffer>) {
      timer.refresh()
      partsAtMs.push(performance.now() - startMs)
      parts.push(part)
      length += part.length
      if (length >= MAX_BODY_BYTES) break
    }
  } catch {
    // What was cut off, or never ends, tells something, too.
  } finally {
    clearTimeout(timer)
  }
  return { body: Buffer.concat(parts).toString('utf8'), partsAtMs }
}

/** Why there is no connection, or no answer on it, in words. */
export function connectionWords(error: Error): string {
  const { code = '', name, message } = error as NodeJS.ErrnoException & { readonly rawPacket?: Buffer }
  const { rawPacket } = error as { readonly rawPacket?: Buffer }
  if (name === 'TimeoutError')
    return `nobody answered within ${CONNECT_TIMEOUT_MS / 1000} s: a firewall may drop the packets`
  if (rawPacket?.[0] === 0x15) return 'what answers speaks TLS: use https://'
  if (rawPacket?.toString('latin1', 0, 5) === 'INFO ') return 'what answers speaks NATS without WebSocket'
  if (code.startsWith('HPE_')) return `what answers does not speak HTTP (${message})`
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return `the TLS handshake failed (${tlsReason(error)})`
  return WORDS[code] ?? message
}

const WORDS: Readonly<Record<string, string | undefined>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was ended without an answer',
  EPIPE: 'the connection was ended without an answer',
  ENETUNREACH: 'there is no way from this machine to that network',
  EHOSTUNREACH: 'there is no way from this machine to that address',
  EADDRNOTAVAIL: 'this machine has no address of that kind',
  ETIMEDOUT: 'nobody answered: a firewall may drop the packets',
}

function tlsReason(error: Error): string {
  const { reason, message } = error as Error & { readonly reason?: string }
  if (/wrong version number|packet length too long/i.test(message)) return 'what answers there speaks no TLS'
  // RFC 7301 §3.2.
  if (/no application protocol/i.test(message)) return 'it takes HTTP/2 alone, and apps open WebSockets by HTTP/1.1'
  // RFC 6066 §3 has an alert of its own for it; Caddy does without.
  if (/alert (?:internal error|unrecognized name)/i.test(message)) return 'it has no certificate for that name'
  return reason ?? message
}
