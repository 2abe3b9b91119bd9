export { type ClientHandler, ClientParser } from './client-parser.ts'
export {
  connectLine,
  errLine,
  hmsgHead,
  infoLine,
  interestLine,
  leafHmsgHead,
  lmsgHead,
  msgHead,
  NO_RESPONDERS_HEADER,
  noInterestLine,
  noRespondersHeader,
  OK_LINE,
  PING_LINE,
  PONG_LINE,
} from './encode.ts'
export { type NatsErrorCode, NatsProtocolError } from './errors.ts'
export { goQuote, quoted } from './go-quote.ts'
export { encodeHeaders, type HeaderBlock, type Headers, parseHeaders } from './headers.ts'
export { type LeafHandler, LeafParser } from './leaf-parser.ts'
export type { ParserLimits } from './protocol-parser.ts'
