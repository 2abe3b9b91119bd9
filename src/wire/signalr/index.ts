export { HubDecoder } from './decode.ts'
export { encodeClose, encodeCompletion, encodeInvocation, PING } from './encode.ts'
export { SignalrError, type SignalrErrorCode } from './errors.ts'
export { frame, lengthPrefix, readFrames } from './framing.ts'
export {
  encodeHandshakeReply,
  encodeHandshakeRequest,
  HANDSHAKE_FAILED,
  HANDSHAKE_TIMED_OUT,
  type HandshakeRequest,
  handshakeObjection,
  parseHandshakeReply,
  parseHandshakeRequest,
} from './handshake.ts'
export { type HubMessage, HubMessageType, type Outcome, ResultKind } from './hub-message.ts'
export { Timestamp } from './timestamp.ts'
