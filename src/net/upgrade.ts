import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkUpgrade, FrameReader, MessageAssembler, Opcode, refusal, switchingProtocols } from '#wire/websocket'
import type { MessageReceiver, StreamReceiver } from './carrier.ts'
import type { SocketLinkOptions } from './socket-link.ts'
import { WebSocketCarrier } from './websocket-carrier.ts'

/** Takes over a socket whose HTTP request asked for an upgrade: accepts it, or refuses it with `refuseUpgrade`. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export interface AcceptOptions<Receiver> extends SocketLinkOptions {
  /** A last look at a request that is well-formed: what speaks against it, for the log; the client gets 403. */
  objection?(request: IncomingMessage): string | undefined
  /** Called when the request was refused; `reason` is for the log. */
  onRefused?(reason: string): void
  /** Called when the 101 was written; what it answers gets what arrives. */
  receiver(carrier: WebSocketCarrier): Receiver
}

/**
 * Upgrades to a WebSocket whose messages are read whole. A message over `maxMessageBytes` closes the connection with
 * 1009 before anything is allocated for it; text that is not UTF-8 closes it with 1007.
 */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: AcceptOptions<MessageReceiver> & { readonly maxMessageBytes: number },
): void {
  const carrier = upgrade(request, socket, options)
  if (carrier === undefined) return
  const receiver = options.receiver(carrier)
  const { maxMessageBytes } = options
  carrier.start(
    receiver,
    (control) =>
      new MessageAssembler(
        { maskRequired: true, validateText: true, maxMessageBytes },
        {
          ...control,
          onMessage: (data, opcode) => {
            if (!carrier.isClosing) receiver.onMessage(data, opcode === Opcode.TEXT)
          },
        },
      ),
    head,
  )
}

/**
 * Upgrades to a WebSocket that carries a stream of bytes, as NATS does: frames are only packaging, text and binary are
 * the same. A client that sends anything before it has the 101 is cut, as by nats-server.
 */
export function acceptWebSocketStream(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: AcceptOptions<StreamReceiver>,
): void {
  if (head.length > 0) {
    socket.destroy()
    return
  }
  const carrier = upgrade(request, socket, options)
  if (carrier === undefined) return
  const receiver = options.receiver(carrier)
  carrier.start(
    receiver,
    (control) =>
      new FrameReader(
        { maskRequired: true, validateText: false },
        {
          ...control,
          onData: (data) => {
            if (!carrier.isClosing) receiver.onBytes(data)
          },
        },
      ),
    head,
  )
}

export interface Refusal {
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the status text. */
  readonly body?: string
}

/** Answers an upgrade request with an HTTP status and ends the connection, whether or not the peer ends its half. */
export function refuseUpgrade(duplex: Duplex, status: number, { headers, body }: Refusal = {}): void {
  const socket = duplex as Socket
  socket.on('error', () => socket.destroy())
  if (socket.writable) socket.end(refusal(status, Object.entries(headers ?? {}), body))
  socket.destroySoon()
}

function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  options: AcceptOptions<unknown>,
): WebSocketCarrier | undefined {
  const check = checkUpgrade({ method: request.method ?? '', headers: request.headers })
  const objection = check.ok ? options.objection?.(request) : check.reason
  if (!check.ok || objection !== undefined) {
    options.onRefused?.(objection!)
    refuseUpgrade(socket, check.ok ? 403 : check.status)
    return undefined
  }
  // Node hands over the socket itself, TCP or TLS, under its base class.
  const carrier = new WebSocketCarrier(socket as Socket, options)
  socket.write(switchingProtocols(check.key))
  return carrier
}
