import { ProtocolError } from '#kit'

/**
 * What went wrong: the name, the connection, the time that there was for all of it, the proxy on the way, the upgrade to
 * a WebSocket, or the caller gave up.
 */
export type DialErrorCode = 'LOOKUP' | 'CONNECT' | 'TIMEOUT' | 'PROXY' | 'WEBSOCKET' | 'ABORTED'

/**
 * Why a server was not reached. The message is for operators: what failed, where, and what to look at, in Go's words where
 * there are some. It never has a password in it.
 */
export class DialError extends ProtocolError<DialErrorCode> {
  override name = 'DialError'
}
