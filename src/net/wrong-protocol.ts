/** Answers for those who speak something else than the port, in the protocol that they speak where that is possible. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkUpgrade, refusal } from '#wire/websocket'
import type { Head } from './read-head.ts'
import { TLS_HANDSHAKE_RECORD } from './start-tls.ts'

/** What the first bytes of a connection look like. */
export type SpokenProtocol = 'tls' | 'http' | 'nats' | 'unknown'

/** As many bytes as the longest word that is looked for, with what follows it. */
const LONGEST_WORD_BYTES = 'CONNECT {'.length

const NATS_WORD = /^(?:CONNECT\s*\{|(?:PING|PONG|INFO|PUB|HPUB|SUB|UNSUB|MSG|\+OK|-ERR)(?:\s|$))/i
const HTTP_WORD = /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) /

/** What `bytes`, the beginning of a connection, are the beginning of. Never throws, and needs no more than nine bytes. */
export function spokenProtocol(bytes: Buffer): SpokenProtocol {
  if (bytes[0] === TLS_HANDSHAKE_RECORD) return 'tls'
  const text = bytes.toString('latin1', 0, LONGEST_WORD_BYTES)
  if (NATS_WORD.test(text)) return 'nats'
  return HTTP_WORD.test(text) ? 'http' : 'unknown'
}

/** For `readHead` where TLS is expected: a hello is told by its first byte, anything else is looked at more closely. */
export function readSpokenProtocol(bytes: Buffer): Head<SpokenProtocol> | undefined {
  if (bytes[0] === TLS_HANDSHAKE_RECORD) return { value: 'tls', byteLength: 0 }
  const value = spokenProtocol(bytes)
  const isDecided =
    value !== 'unknown' || bytes.length >= LONGEST_WORD_BYTES || !/^[A-Z+-]/i.test(bytes.toString('latin1', 0, 1))
  return isDecided ? { value, byteLength: bytes.length } : undefined
}

/** Plain HTTP on a TLS port: Go's answer, which clients know, and its words for the log. */
export const HTTP_ON_TLS_PORT = {
  answer: 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n',
  reason: 'client sent an HTTP request to an HTTPS server',
} as const

/** A NATS client shows the text of `-ERR` to its user. `portIs` says what the port is for. */
export function natsOnWrongPort(portIs: string): string {
  return `-ERR 'This port is for ${portIs}, not for NATS over TCP'\r\n`
}

/**
 * The answer to whoever speaks TLS to a port without it. Plain text on purpose: TLS libraries then tell their users that
 * the other side does not speak TLS ("wrong version number", "server gave HTTP response to HTTPS client"), while an
 * alert would send them looking for ciphers and certificates.
 */
export function tlsOnPlainPort(portIs: string): string {
  return refusal(400, [], `This port is for ${portIs} without TLS; use ws:// or http://\n`)
}

/**
 * Answers a request that asks for no upgrade, on a port that has nothing else, with nats-server's status and headers
 * and a body that says what the port is. Returns the reason, nats-server's, for the log.
 */
export function refuseRequest(request: IncomingMessage, response: ServerResponse): string {
  const check = checkUpgrade({ method: request.method ?? '', headers: request.headers })
  // Node has seen that this is no WebSocket handshake, whatever a closer look finds.
  const { status, reason } = check.ok ? { status: 400, reason: "invalid value for header 'Connection'" } : check
  const scheme = 'encrypted' in request.socket ? 'wss' : 'ws'
  const body = `This port is for NATS over WebSocket; connect to it with a NATS client and a URL like ${scheme}://host:port\n`
  response
    .writeHead(status, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      'Sec-Websocket-Version': '13',
      'X-Content-Type-Options': 'nosniff',
      Connection: 'close',
    })
    .end(request.method === 'HEAD' ? undefined : body)
  return reason
}
