/** A TLS record of a handshake (RFC 8446 §5.1): its type, and the major version that all have kept. */
const TLS_HANDSHAKE = 0x16
const TLS_MAJOR = 0x03

/** RFC 9112 §3, or HTTP/2's preface. Line and version may be cut off. */
const HTTP_REQUEST = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|PRI|CONNECT) [^{ ]\S*(?: HTTP\/\d|$)/

const WEBSOCKET_UPGRADE = /^upgrade:\s*websocket\b/im

/**
 * What a client of a plain NATS port that speaks TLS or HTTP instead is to be told, and the operator by the log;
 * `undefined` for all others. `webSocketUrl` is where NATS over WebSocket is to be had, if anywhere.
 */
export function foreignProtocol(firstBytes: Buffer, webSocketUrl: string | undefined): string | undefined {
  if (firstBytes[0] === TLS_HANDSHAKE && firstBytes[1] === TLS_MAJOR) {
    return 'TLS on a port for plain NATS, whose listener has no "tls" in its configuration'
  }
  const text = firstBytes.toString('latin1', 0, 4096)
  if (!HTTP_REQUEST.test(text)) return undefined
  const what = WEBSOCKET_UPGRADE.test(text) ? 'a WebSocket upgrade' : 'HTTP'
  const where = webSocketUrl === undefined ? 'there is no listener for WebSocket' : `WebSocket is at ${webSocketUrl}`
  return `${what} on a port for NATS over TCP, ${where}`
}
