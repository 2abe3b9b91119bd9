import type { Logger } from '#kit'
import {
  type Carrier,
  type ClientTlsSettings,
  type DialedSocket,
  dial,
  EndedEarlyError,
  formatAddress,
  type Head,
  type Lookup,
  openWebSocketStream,
  readHead,
  type StreamReceiver,
  startClientTls,
  TcpCarrier,
  TlsHandshakeError,
  tlsServerName,
  upgradeToWebSocket,
  type WebSocketCompression,
} from '#net'
import type { LeafContext } from '../context.ts'
import { readHubInfo } from './hub-info.ts'
import { LeafFailure } from './leaf-failure.ts'
import type { LeafRemoteOptions, SolicitedUrl } from './remote-options.ts'
import type { ServerUrls } from './server-urls.ts'

/** Longest INFO that is read in plain text. Those of large clusters have some kilobytes. */
const MAX_INFO_BYTES = 64 * 1024

/** As an answer in TLS to something else begins (RFC 8446 §5.1). */
const TLS_RECORDS = [0x15, 0x16]

export interface WayOptions {
  readonly url: SolicitedUrl
  readonly options: LeafRemoteOptions
  readonly urls: ServerUrls
  readonly context: Pick<LeafContext, 'clock' | 'limits' | 'logger'>
  /** Read when TLS begins. */
  tls(): Promise<ClientTlsSettings>
  readonly compression: WebSocketCompression
  readonly lookup?: Lookup | undefined
  readonly signal: AbortSignal
}

/** A way to another server on which it is about to say INFO; whoever takes it does so in the turn in which it is handed over. */
export type Way = (taker: WayTaker) => void

export interface WayTaker {
  readonly logger: Logger
  /** Called at once; what it answers gets what arrives. */
  receiver(carrier: Carrier): StreamReceiver
  /** What a message may have on the other side; 0 while that is not known. */
  maxPayloadBytes(): number
}

/** One attempt to get to where leaf nodes speak. Rejects with `DialError`, `TlsHandshakeError` or `LeafFailure`. */
export async function openWay(options: WayOptions): Promise<Way> {
  const { url, context, signal, lookup } = options
  const { dialTimeoutMs, proxy } = options.options
  const timeoutMs = proxy?.timeoutMs ?? dialTimeoutMs
  const socket = await dial(url, { clock: context.clock, timeoutMs, proxy, signal, lookup })
  return url.scheme === 'ws' || url.scheme === 'wss' ? webSocketWay(socket, options) : tcpWay(socket, options)
}

async function webSocketWay(socket: DialedSocket, options: WayOptions): Promise<Way> {
  const { url, context, signal, compression } = options
  const { wsCompression, wsNoMasking, firstInfoTimeoutMs } = options.options
  const isSecure = url.scheme === 'wss' || options.options.tls !== undefined
  const upgraded = await upgradeToWebSocket(
    isSecure ? await secured(socket, options) : socket,
    { host: formatAddress(url), path: `${url.path}/leafnode`, compression: wsCompression, noMasking: wsNoMasking },
    { clock: context.clock, timeoutMs: firstInfoTimeoutMs, signal },
  )
  return ({ logger, receiver, maxPayloadBytes }) =>
    openWebSocketStream(upgraded, {
      ...linkOptions(options),
      logger,
      // The other server compresses all that waits in one message.
      compression: { shared: compression, limits: () => ({ maxPayloadBytes: context.limits.maxPendingBytes }) },
      maxCompressedBytes: maxPayloadBytes,
      receiver,
    })
}

async function tcpWay(socket: DialedSocket, options: WayOptions): Promise<Way> {
  const secure = await securedTcp(socket, options)
  return ({ logger, receiver }) => {
    const carrier = new TcpCarrier(secure, { ...linkOptions(options), logger })
    carrier.start(receiver(carrier))
  }
}

/** With TLS where either side asks for it; what comes next on the socket is INFO, also where that was read before. */
async function securedTcp(socket: DialedSocket, options: WayOptions): Promise<DialedSocket> {
  const { url, context, signal } = options
  const { tls: block, firstInfoTimeoutMs } = options.options
  const mustBeSecure = block !== undefined || url.scheme === 'tls'
  if (block !== undefined && (await options.tls()).handshakeFirst) return secured(socket, options)
  const onAbort = () => socket.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const line = await readHead(socket, (bytes) => infoLine(bytes, mustBeSecure), firstInfoTimeoutMs, context.clock)
    if (line === undefined) throw silence(firstInfoTimeoutMs)
    if (line.length === 0) return socket
    const secure = await secured(socket, options)
    secure.unshift(withoutAddresses(line))
    return secure
  } catch (error) {
    socket.destroy()
    throw error instanceof EndedEarlyError ? endedEarly(error) : error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** INFO in front of TLS is taken off; otherwise it stays, and nothing is what was found. */
function infoLine(bytes: Buffer, mustBeSecure: boolean): Head<Buffer> | undefined {
  const beginning = bytes.toString('latin1', 0, 5).toUpperCase()
  if (!'INFO '.startsWith(beginning) && !/^INFO[\s{]/.test(beginning)) throw noInfo(bytes)
  const end = bytes.indexOf(0x0a) + 1
  if (end === 0) {
    if (bytes.length > MAX_INFO_BYTES) throw new LeafFailure('PROTOCOL', 'its INFO is too long')
    return undefined
  }
  // What is wrong with it is found by who reads it.
  const isSecure = mustBeSecure || readHubInfo(bytes.toString('utf8', 4, end))?.tlsRequired === true
  return isSecure ? { value: bytes.subarray(0, end), byteLength: end } : { value: Buffer.alloc(0), byteLength: 0 }
}

/**
 * What was said in plain text anybody may have said who stands in between: where else to go with our credentials has to
 * be said behind TLS, as it is in the answer to CONNECT.
 */
function withoutAddresses(line: Buffer): Buffer {
  const json = line.toString('utf8', 4)
  if (readHubInfo(json) === undefined) return line
  return Buffer.from(`INFO ${JSON.stringify({ ...JSON.parse(json), ...NO_ADDRESSES })}\r\n`)
}

/** An empty list still says that the port is one for leaf nodes. */
const NO_ADDRESSES = { leafnode_urls: [], ws_connect_urls: undefined }

function noInfo(bytes: Buffer): LeafFailure {
  if (TLS_RECORDS.includes(bytes[0]!)) {
    const hint = 'handshake_first in the tls block of the remote, or wss:// where it is a websocket port'
    return new LeafFailure('PROTOCOL', 'the other side speaks TLS at once', { hint })
  }
  const beginning = bytes.toString('latin1', 0, 16).replace(/[^\x20-\x7e]/g, '.')
  const hint = 'the URL has to lead to the port of its leafnodes block; ws:// is for its websocket port'
  return new LeafFailure(
    'WRONG_PORT',
    `the other side does not speak NATS there, but says ${JSON.stringify(beginning)}`,
    { hint },
  )
}

function silence(timeoutMs: number): LeafFailure {
  const hint = 'is it the leafnodes port? A websocket port waits for ws://, and one with TLS for handshake_first'
  return new LeafFailure('SILENT', `the other side said nothing within ${timeoutMs} ms`, { hint })
}

function endedEarly(cause: Error): LeafFailure {
  return new LeafFailure('PROTOCOL', 'the other side closed the connection at once', { cause })
}

async function secured(socket: DialedSocket, { url, context, urls, signal, tls }: WayOptions): Promise<DialedSocket> {
  const { rememberedName } = urls
  const serverName = tlsServerName(url.host, rememberedName)
  try {
    return await startClientTls(socket, await tls(), { serverName, clock: context.clock, signal })
  } catch (error) {
    socket.destroy()
    const isRemembered = serverName === rememberedName && serverName !== url.host
    if (error instanceof TlsHandshakeError && error.isWrongName && isRemembered) urls.forgetName()
    throw error
  }
}

function linkOptions({ context, options }: WayOptions) {
  return { clock: context.clock, writeDeadlineMs: options.writeDeadlineMs ?? context.limits.writeDeadlineMs }
}
