import { randomBytes } from 'node:crypto'
import type { Clock } from '#kit'
import { checkAnswer, type HeaderList, upgradeHeaders } from '#wire/websocket'
import type { StreamReceiver } from '../carrier.ts'
import { ClientFraming } from '../client-framing.ts'
import type { StreamCompression } from '../inflating-reader.ts'
import type { SocketLinkOptions } from '../socket-link.ts'
import { streamReader } from '../stream-reader.ts'
import { type WebSocketAgreement, WebSocketCarrier } from '../websocket-carrier.ts'
import type { DialedSocket } from './dial.ts'
import { DialError } from './dial-error.ts'
import { exchangeHttp, type HttpAnswer } from './http-exchange.ts'
import { plainText } from './plain-text.ts'
import { connectionError } from './start-client-tls.ts'
import { withDeadline } from './with-deadline.ts'

/** What is asked of a server that is to go on as a WebSocket. */
export interface WebSocketRequest {
  /** `host:port`, as the `Host` header has it: of IPv6 in brackets. */
  readonly host: string
  /** Beginning with a slash, escaped. */
  readonly path: string
  /** Whether compression is offered. */
  readonly compression: boolean
  /** Whether the server is asked to take our frames without masks. */
  readonly noMasking: boolean
  /** Behind the others. */
  readonly headers?: HeaderList | undefined
}

export interface WebSocketUpgradeOptions {
  readonly clock: Clock
  /** For the server's answer. Milliseconds, at least 1. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** A connection that goes on as a WebSocket; whoever takes it does so in the turn in which it is handed over. */
export interface UpgradedSocket {
  readonly socket: DialedSocket
  readonly agreed: WebSocketAgreement
  /** What came behind the server's answer. */
  readonly head: Buffer
}

export interface StreamOpenOptions extends SocketLinkOptions {
  /**
   * Needed where compression was agreed on. nats-server compresses all that waits in one message, so its
   * `maxPayloadBytes` here had better be what a server may have pending than what one message may have.
   */
  readonly compression?: StreamCompression | undefined
  /**
   * What a compressed message that we send may have when inflated: longer ones go out as they are. Asked anew for each.
   * A nats-server takes as much as its own `max_payload`, whatever is in it. Default: 64 KiB.
   */
  maxCompressedBytes?(): number
  /** Called at once; what it answers gets what arrives. */
  receiver(carrier: WebSocketCarrier): StreamReceiver
}

/** nats-server's words. What was wrong follows them. */
const INVALID = 'invalid websocket connection'

/**
 * Asks the server at the other end of a connected socket, with TLS or without, to go on as a WebSocket (RFC 6455 §4.1).
 * Compression is agreed on only without contexts that are kept, so that no memory belongs to a connection. Rejects with a
 * `DialError`, of code `WEBSOCKET` where the server answered something else; the socket is destroyed then.
 */
export async function upgradeToWebSocket(
  socket: DialedSocket,
  request: WebSocketRequest,
  options: WebSocketUpgradeOptions,
): Promise<UpgradedSocket> {
  const { timeoutMs } = options
  let answered: HttpAnswer | undefined
  const late = () => {
    if (answered !== undefined) return invalid(refusalOf(answered, ''))
    return new DialError('TIMEOUT', `${INVALID}: no answer within ${timeoutMs} ms`)
  }
  const onAnswer = (answer: HttpAnswer) => {
    answered = answer
  }
  try {
    return await withDeadline(options, late, async (signal) => {
      const onAbort = () => socket.destroy()
      signal.addEventListener('abort', onAbort, { once: true })
      const upgraded = await upgrade(socket, request, onAnswer).finally(() => {
        signal.removeEventListener('abort', onAbort)
      })
      signal.throwIfAborted()
      return upgraded
    })
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** A stream of bytes over a WebSocket that we opened, as `acceptWebSocketStream` has it for one that we accepted. */
export function openWebSocketStream({ socket, agreed, head }: UpgradedSocket, options: StreamOpenOptions): void {
  const { maxCompressedBytes } = options
  const { isCompressed, isMasked } = agreed
  const compression = isCompressed ? options.compression : undefined
  if (isCompressed && compression === undefined) throw new TypeError('Compression was agreed on: options.compression')
  const own = { isMasked, ...(maxCompressedBytes && { maxCompressedBytes }) }
  const framing = compression?.shared.clientFraming(own) ?? new ClientFraming(own)
  const carrier = new WebSocketCarrier(socket, options, agreed, framing)
  const receiver = options.receiver(carrier)
  carrier.start(receiver, streamReader(carrier, receiver, compression), head)
}

async function upgrade(
  socket: DialedSocket,
  request: WebSocketRequest,
  onAnswer: (answer: HttpAnswer) => void,
): Promise<UpgradedSocket> {
  const { host, path, compression, noMasking, headers = [] } = request
  const asked = { key: randomBytes(16).toString('base64'), compression, noMasking }
  const answer = await answerTo(socket, path, [...upgradeHeaders(host, asked), ...headers])
  onAnswer(answer)
  if (answer.status !== 101) throw invalid(refusalOf(answer, await bodyOf(answer)))
  const check = checkAnswer(answer, asked)
  if (!check.ok) throw invalid(check.reason)
  const { isCompressed, isMasked } = check
  return { socket, agreed: { isCompressed, isMasked, isBrowser: false, isClient: true }, head: answer.head }
}

async function answerTo(socket: DialedSocket, path: string, headers: HeaderList): Promise<HttpAnswer> {
  try {
    return await exchangeHttp(socket, { method: 'GET', path, headers: Object.fromEntries(headers) })
  } catch (error) {
    throw invalid(failureOf(error as FailedExchange), error)
  }
}

function invalid(reason: string, cause?: unknown): DialError {
  return new DialError('WEBSOCKET', `${INVALID}: ${reason}`, { cause })
}

/** Empty where the connection broke before its end. */
async function bodyOf(answer: HttpAnswer): Promise<string> {
  try {
    return (await answer.body()).toString('latin1')
  } catch {
    return ''
  }
}

/** Status, what else it is about, and where a redirect leads, without what may be secret in it. */
function refusalOf({ status, statusText, headers }: HttpAnswer, body: string): string {
  const about = plainText(body)
  const [location] = (headers.location ?? '').split(/[?#]/, 1)
  const elsewhere =
    status >= 300 && status < 400 && location ? ` to ${plainText(location.replace(/\/\/[^/]*@/, '//'))}` : ''
  const said = about === '' || about === statusText ? '' : `: ${about}`
  return `the server answered ${status} ${plainText(statusText)}${elsewhere}${said}`
}

type FailedExchange = NodeJS.ErrnoException & { readonly rawPacket?: Buffer }

/** What came instead of an HTTP answer. */
function failureOf(error: FailedExchange): string {
  const { code = '', rawPacket } = error
  if (code === 'HPE_HEADER_OVERFLOW') return 'the head of the answer is too long'
  if (rawPacket?.toString('latin1', 0, 5) === 'INFO ') {
    return 'this port speaks NATS without WebSocket (use nats://, or the port of its websocket block)'
  }
  if (rawPacket?.[0] === TLS_ALERT_RECORD) return 'this port speaks TLS (use wss://)'
  if (code.startsWith('HPE_')) return `the answer is not HTTP (${plainText(error.message)})`
  if (code === 'ECONNRESET' && error.syscall === undefined) return 'the server closed the connection'
  return connectionError(error).message
}

/** RFC 8446 §5.1: what an answer in TLS to something else begins with. */
const TLS_ALERT_RECORD = 0x15
