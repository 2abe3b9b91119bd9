import { ProtocolError } from '#kit'

export type WebSocketErrorCode = 'PROTOCOL' | 'INVALID_TEXT' | 'TOO_BIG'

const CLOSE_CODE: Record<WebSocketErrorCode, 1002 | 1007 | 1009> = {
  PROTOCOL: 1002,
  INVALID_TEXT: 1007,
  TOO_BIG: 1009,
}

/** The peer broke RFC 6455. The message is the reason for the close frame as well: nats-server's texts, never reworded. */
export class WebSocketError extends ProtocolError<WebSocketErrorCode> {
  override name = 'WebSocketError'
  /** What the close frame says: 1002 protocol error, 1007 invalid payload data, 1009 message too big. */
  readonly closeCode: 1002 | 1007 | 1009

  constructor(code: WebSocketErrorCode, reason: string) {
    super(code, reason)
    this.closeCode = CLOSE_CODE[code]
  }
}
