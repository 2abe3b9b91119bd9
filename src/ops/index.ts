export { type AdjustableLogger, createLogger, type LoggerOptions, type LogLevel, type RoomLevels } from './logger.ts'
export * from './monitoring/index.ts'
export * from './nats-log/index.ts'
export * from './system-account/index.ts'
