export { createLogger, type LoggerOptions } from './logger.ts'
export * from './monitoring/index.ts'
export * from './nats-log/index.ts'
export * from './system-account/index.ts'
