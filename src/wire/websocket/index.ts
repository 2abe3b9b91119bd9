export {
  type AnswerCheck,
  type AskedFor,
  checkAnswer,
  type UpgradeAnswer,
  upgradeHeaders,
} from './client-handshake.ts'
export { CompressionBudget } from './compression-budget.ts'
export { WebSocketError, type WebSocketErrorCode } from './errors.ts'
export { type FrameHandler, FrameReader, type FrameReaderOptions } from './frame-reader.ts'
export {
  closePayload,
  encodeClose,
  encodeFrame,
  encodeMaskedFrame,
  frameHeaderLength,
  MASKING_KEY_BYTES,
  maskFrame,
  writeFrameHeader,
} from './frame-writer.ts'
export {
  acceptKey,
  asksForNoMasking,
  checkUpgrade,
  DEFLATE_ACCEPTED,
  type HeaderList,
  NO_MASKING,
  offersDeflate,
  type RequestHeaders,
  refusal,
  switchingProtocols,
  type UpgradeCheck,
  type UpgradeRequest,
} from './handshake.ts'
export { MessageAssembler, type MessageAssemblerOptions, type MessageHandler } from './message-assembler.ts'
export { MessageInflater, type MessageInflaterOptions } from './message-inflater.ts'
export { type DataOpcode, MAX_CONTROL_PAYLOAD_BYTES, Opcode } from './opcode.ts'
export {
  type AllowedOrigin,
  type Origin,
  type OriginRules,
  originAllowed,
  originOf,
  parseAllowedOrigin,
} from './origin.ts'
