export { type ClientHandler, ClientParser } from './client-parser.ts'
export {
  errLine,
  hmsgHead,
  infoLine,
  msgHead,
  NO_RESPONDERS_HEADER,
  noRespondersHeader,
  OK_LINE,
  PING_LINE,
  PONG_LINE,
} from './encode.ts'
export { type NatsErrorCode, NatsProtocolError } from './errors.ts'
export { goQuote, quoted } from './go-quote.ts'
export { encodeHeaders, type HeaderBlock, type Headers, parseHeaders } from './headers.ts'
export type { ParserLimits } from './protocol-parser.ts'
