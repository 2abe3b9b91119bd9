export { MAX_MESSAGE_BYTES } from './bounds.ts'
export { SignalrError, type SignalrErrorCode } from './errors.ts'
export { frame, lengthPrefix, readFrames } from './framing.ts'
export {
  agreeOn,
  encodeHandshakeReply,
  encodeHandshakeRequest,
  HANDSHAKE_FAILED,
  HANDSHAKE_TIMED_OUT,
  type HandshakeRequest,
  parseHandshakeReply,
  parseHandshakeRequest,
  type TransportAbilities,
} from './handshake.ts'
export { type HubMessage, HubMessageType, type Outcome, ResultKind } from './hub-message.ts'
export { jsonProtocol } from './json-protocol.ts'
export { messagePackProtocol } from './message-pack-protocol.ts'
export { type CloseOptions, type HubProtocol, readWhole } from './protocol.ts'
export { RECORD_SEPARATOR } from './records.ts'
export { Timestamp } from './timestamp.ts'
