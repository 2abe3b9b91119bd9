import { ProtocolError } from '#kit'

/**
 * FRAMING: lengths and bytes do not add up. MESSAGE: a framed body is no hub message. HANDSHAKE: not a handshake.
 * After any of them the connection is over, since what follows cannot be read either.
 */
export type SignalrErrorCode = 'FRAMING' | 'MESSAGE' | 'HANDSHAKE'

export class SignalrError extends ProtocolError<SignalrErrorCode> {
  override name = 'SignalrError'
}
