import { ProtocolError } from '#kit'

export type WebSocketErrorCode = 'PROTOCOL' | 'INVALID_TEXT' | 'TOO_BIG' | 'CORRUPT_DATA' | 'OVERLOADED'

const CLOSE_CODE = {
  PROTOCOL: 1002,
  INVALID_TEXT: 1007,
  TOO_BIG: 1009,
  CORRUPT_DATA: 1002,
  // IANA's "Try Again Later": the peer did nothing wrong, there is no room for it at the moment.
  OVERLOADED: 1013,
} as const satisfies Record<WebSocketErrorCode, number>

export type WebSocketErrorCloseCode = (typeof CLOSE_CODE)[WebSocketErrorCode]

/**
 * The peer broke RFC 6455 or RFC 7692, or asks for more than there is. The message is the reason for the close frame as
 * well: nats-server's texts, never reworded.
 */
export class WebSocketError extends ProtocolError<WebSocketErrorCode> {
  override name = 'WebSocketError'
  /** What the close frame says: 1002 protocol error, 1007 invalid payload data, 1009 too big, 1013 try again later. */
  readonly closeCode: WebSocketErrorCloseCode

  constructor(code: WebSocketErrorCode, reason: string, options?: ErrorOptions) {
    super(code, reason, options)
    this.closeCode = CLOSE_CODE[code]
  }
}
