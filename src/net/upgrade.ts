import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  asksForNoMasking,
  checkUpgrade,
  type DataOpcode,
  DEFLATE_ACCEPTED,
  type HeaderList,
  type MessageHandler,
  NO_MASKING,
  Opcode,
  offersDeflate,
  refusal,
  switchingProtocols,
} from '#wire/websocket'
import type { MessageReceiver, StreamReceiver } from './carrier.ts'
import type { StreamCompression } from './inflating-reader.ts'
import { Inlet } from './inlet.ts'
import { PacedAssembler } from './paced-assembler.ts'
import { contextOf, currentRequest, REQUEST_ID_HEADER } from './request-context.ts'
import { requestTarget } from './request-target.ts'
import type { SocketLinkOptions, SocketStream } from './socket-link.ts'
import { streamReader } from './stream-reader.ts'
import { WebSocketCarrier } from './websocket-carrier.ts'
import { isBrowser } from './websocket-compression.ts'
import { BINARY_FRAME, BROWSER_FRAMES } from './websocket-framing.ts'

/** Takes over a socket whose HTTP request asked for an upgrade: accepts it, or refuses it with `refuseUpgrade`. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** What speaks against an upgrade. `reason` is for the log; the client gets the status. */
export interface UpgradeObjection {
  readonly status: number
  readonly reason: string
}

export interface AcceptOptions<Receiver> extends SocketLinkOptions {
  /**
   * What speaks against a request. A text, for the log, about a request that is well-formed: the client gets 403. With a
   * status of its own it is about the place that the request is for, and comes before all that is wrong with the request.
   */
  objection?(request: IncomingMessage): string | UpgradeObjection | undefined
  /** Called when the request was refused; `reason` is for the log. */
  onRefused?(reason: string): void
  /** Called when the 101 was written; what it answers gets what arrives. */
  receiver(carrier: WebSocketCarrier): Receiver
}

export interface StreamAcceptOptions extends AcceptOptions<StreamReceiver> {
  /** Without it no compression is agreed on, whatever the client offers. */
  readonly compression?: StreamCompression | undefined
  /** Sent with the 101, behind its own headers. A `TypeError` is thrown for one that contains a line break. */
  readonly responseHeaders?: HeaderList | undefined
}

/**
 * Upgrades to a WebSocket whose messages are read whole, at a bounded pace. A message over `maxMessageBytes` closes the
 * connection with 1009 before anything is allocated for it; text that is not UTF-8 closes it with 1007.
 */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: AcceptOptions<MessageReceiver> & { readonly maxMessageBytes: number },
): void {
  const key = checkedKey(request, socket, options)
  if (key === undefined) return
  const carrier = new WebSocketCarrier(socket, options)
  socket.write(switchingProtocols(key, idHeader(contextOf(request)?.id)))
  const receiver = options.receiver(carrier)
  const { maxMessageBytes } = options
  const reading = { maskRequired: true, validateText: true, maxMessageBytes }
  const inlet = new MessageInlet(carrier, receiver)
  carrier.start(receiver, new PacedAssembler(carrier, options.clock, reading, inlet), head)
  contextOf(request)?.end({ status: 101 })
}

/**
 * Upgrades to a WebSocket that carries a stream of bytes, as NATS does: frames are only packaging, text and binary are
 * the same. What was agreed on beyond RFC 6455 is the carrier's `agreed`. A client that sends anything before it has the
 * 101 is cut, as by nats-server.
 *
 * A compressed message is handed over when it is complete, a long one in several turns. One that is over the limit, inflated or not, ends the
 * connection with a `WebSocketError` of code `TOO_BIG`, one that would need more than the budget has with `OVERLOADED`;
 * so do the compressed messages of a stranger that are too many, or too long before they are complete.
 */
export function acceptWebSocketStream(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: StreamAcceptOptions,
): void {
  const key = checkedKey(request, socket, options)
  if (key === undefined) return
  if (head.length > 0) {
    options.onRefused?.('client sent data before handshake is complete')
    socket.destroy()
    return
  }
  const userAgent = request.headers['user-agent'] ?? ''
  const compression = offersDeflate(request.headers) ? options.compression : undefined
  const agreed = {
    isCompressed: compression !== undefined,
    isMasked: !asksForNoMasking(request.headers),
    isBrowser: isBrowser(userAgent),
  }
  const headers: HeaderList = [
    ...(agreed.isCompressed ? [DEFLATE_ACCEPTED] : []),
    ...(agreed.isMasked ? [] : [NO_MASKING]),
    ...(options.responseHeaders ?? []),
    ...idHeader(contextOf(request)?.id),
  ]
  const framing = compression?.shared.framingFor(userAgent) ?? (agreed.isBrowser ? BROWSER_FRAMES : BINARY_FRAME)
  const carrier = new WebSocketCarrier(socket, options, agreed, framing)
  socket.write(switchingProtocols(key, headers))
  const receiver = options.receiver(carrier)
  carrier.start(receiver, streamReader(carrier, receiver, compression), head)
  contextOf(request)?.end({ status: 101 })
}

class MessageInlet extends Inlet<MessageReceiver> implements MessageHandler {
  onMessage(data: Buffer, opcode: DataOpcode): void {
    if (!this.carrier.isClosing) this.receiver.onMessage(data, opcode === Opcode.TEXT)
  }
}

export interface Refusal {
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the status text. */
  readonly body?: string
}

/** Answers an upgrade request with an HTTP status and ends the connection, whether or not the peer ends its half. */
export function refuseUpgrade(duplex: Duplex, status: number, { headers, body }: Refusal = {}): void {
  const socket: SocketStream = duplex
  const context = currentRequest()
  socket.on('error', () => socket.destroy())
  if (socket.writable) {
    socket.end(refusal(status, [...Object.entries(headers ?? {}), ...idHeader(context?.id)], body))
  }
  context?.end({ status })
  if (socket.destroySoon !== undefined) socket.destroySoon()
  else if (socket.writableFinished) socket.destroy()
  else socket.once('finish', () => socket.destroy())
}

function idHeader(id: string | undefined): HeaderList {
  return id === undefined ? [] : [[REQUEST_ID_HEADER, id]]
}

/** The key of a request that nothing speaks against; any other is refused. */
function checkedKey(request: IncomingMessage, socket: Duplex, options: AcceptOptions<unknown>): string | undefined {
  const objection = options.objection?.(request)
  const { host } = requestTarget(request)
  const check = checkUpgrade({ method: request.method ?? '', headers: { ...request.headers, host } })
  if (typeof objection === 'object') refuse(socket, options, objection)
  else if (!check.ok) refuse(socket, options, check)
  else if (objection !== undefined) refuse(socket, options, { status: 403, reason: objection })
  else return check.key
  return undefined
}

function refuse(socket: Duplex, options: AcceptOptions<unknown>, { status, reason }: UpgradeObjection): void {
  options.onRefused?.(reason)
  refuseUpgrade(socket, status)
}
