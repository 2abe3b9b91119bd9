import type { NatsErrorCode } from '#wire/nats'
import type { CloseReason } from './close-reason.ts'

export interface ProtocolErrorAnswer {
  /** Text of the `-ERR`, compared by client libraries, so never reworded; without one nothing is said. */
  readonly text?: string
  readonly reason: CloseReason
}

/** How each error of the parser ends a client connection, as nats-server ends it. (`spec/nats.md` §2.4) */
export const PROTOCOL_ERRORS: Record<NatsErrorCode, ProtocolErrorAnswer> = {
  PARSE: { text: 'Unknown Protocol Operation', reason: 'Protocol Violation' },
  ARGUMENTS: { reason: 'Protocol Violation' },
  HEADERS: { reason: 'Protocol Violation' },
  MAX_CONTROL_LINE: { text: 'maximum control line exceeded', reason: 'Maximum Control Line Exceeded' },
  MAX_PAYLOAD: { text: 'Maximum Payload Violation', reason: 'Maximum Message Payload Exceeded' },
}
