import { ProtocolError } from '#kit'

/**
 * - `PARSE`: no operation of this kind of peer; nats-server answers `-ERR 'Unknown Protocol Operation'`.
 * - `ARGUMENTS`: a known operation with the wrong number or kind of arguments; nats-server closes without an `-ERR`.
 * - `MAX_CONTROL_LINE`, `MAX_PAYLOAD`: longer than the limits allow.
 * - `HEADERS`: a header block that does not hold to its format. Only reading headers throws it, never the parser.
 */
export type NatsErrorCode = 'PARSE' | 'ARGUMENTS' | 'MAX_CONTROL_LINE' | 'MAX_PAYLOAD' | 'HEADERS'

/** A peer broke the NATS protocol. The message is for the log; what the peer is told is the door's table of codes. */
export class NatsProtocolError extends ProtocolError<NatsErrorCode> {
  override name = 'NatsProtocolError'
}
