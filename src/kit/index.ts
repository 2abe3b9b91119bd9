export { type Clock, systemClock, type Timer } from './clock.ts'
export { ConfigError, ProtocolError } from './errors.ts'
export { type LogFields, type Logger, silentLogger } from './logger.ts'
