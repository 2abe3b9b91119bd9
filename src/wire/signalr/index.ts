export { HubDecoder } from './decode.ts'
export { encodeAck, encodeClose, encodeCompletion, encodeInvocation, encodeSequence, PING } from './encode.ts'
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
} from './handshake.ts'
export { type HubMessage, HubMessageType, type Outcome, ResultKind } from './hub-message.ts'
export { messagePackProtocol } from './message-pack-protocol.ts'
export type { CloseOptions, HubProtocol } from './protocol.ts'
export { Timestamp } from './timestamp.ts'
