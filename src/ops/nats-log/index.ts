export { goFileError } from './go-file-error.ts'
export type { NatsLogLevel } from './line.ts'
export { NatsLog, type NatsLogOptions, type NatsLogSurroundings } from './nats-log.ts'
export type { ProtocolTrace } from './protocol-trace.ts'
