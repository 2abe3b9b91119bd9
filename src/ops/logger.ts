import pino from 'pino'
import type { LogFields, Logger } from '#kit'
import { currentRequest } from '#net'
import { redactFields, redactText } from './redact.ts'
import { textLine } from './text-line.ts'

/** From the fewest events to the most. */
const LEVELS = ['off', 'error', 'warn', 'info', 'debug', 'trace'] as const

/** How much is written. Nothing here is as small as `trace`, which asks for the protocol messages of NATS. */
export type LogLevel = (typeof LEVELS)[number]

/** Of single rooms, by the `room` or `door` that their events carry; for all others the level of the log counts. */
export type RoomLevels = Readonly<Record<string, LogLevel>>

export interface LoggerOptions {
  /** The least important events that are written. Default `info`. */
  readonly level?: LogLevel | undefined
  /** Default: none. */
  readonly roomLevels?: RoomLevels | undefined
  /** One JSON object a line, or a line for people. Default: for people on a terminal, JSON elsewhere. */
  readonly format?: 'json' | 'text'
  /** Default: standard error, so that standard output has only what was asked for. */
  readonly destination?: { write(line: string): void }
}

/** A log whose levels can be read and set while it is written; they hold at once for it and for all its children. */
export interface AdjustableLogger extends Logger {
  level: LogLevel
  /** What is set replaces what was there. */
  roomLevels: RoomLevels
}

/**
 * The log as it is written. Secrets are taken out of every event (`redact.ts`); what happens because of an HTTP request
 * says of which one.
 */
export function createLogger(options: LoggerOptions = {}): AdjustableLogger {
  const destination = options.destination ?? pino.destination({ fd: 2, sync: true })
  const isForPeople = (options.format ?? (options.destination || !process.stderr.isTTY ? 'json' : 'text')) === 'text'
  const stream = isForPeople ? { write: (line: string) => void destination.write(textLine(line)) } : destination
  const settings: pino.LoggerOptions = {
    // What is written `Thresholds` says: pino's children keep the level that their parent had when they were made.
    level: 'trace',
    base: null,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  return new RootLogger(pino(settings, stream), new Thresholds(options))
}

/** What is written, shared by a log and all its children. */
class Thresholds {
  level: LogLevel
  roomLevels: RoomLevels

  constructor({ level = 'info', roomLevels = {} }: Pick<LoggerOptions, 'level' | 'roomLevels'>) {
    this.level = level
    this.roomLevels = roomLevels
  }

  admits(level: LogLevel, room: string | undefined): boolean {
    const most = (room !== undefined && Object.hasOwn(this.roomLevels, room) && this.roomLevels[room]) || this.level
    return LEVELS.indexOf(level) <= LEVELS.indexOf(most)
  }
}

class RedactingLogger implements Logger {
  readonly #pino: pino.Logger
  readonly #thresholds: Thresholds
  /** Whose events these are; `undefined` when no room's. */
  readonly #room: string | undefined

  constructor(logger: pino.Logger, thresholds: Thresholds, room?: string) {
    this.#pino = logger
    this.#thresholds = thresholds
    this.#room = room
  }

  debug(fields: LogFields, event: string): void {
    this.#write('debug', fields, event)
  }

  info(fields: LogFields, event: string): void {
    this.#write('info', fields, event)
  }

  warn(fields: LogFields, event: string): void {
    this.#write('warn', fields, event)
  }

  error(fields: LogFields, event: string): void {
    this.#write('error', fields, event)
  }

  child(fields: LogFields): Logger {
    const room = fields.room ?? fields.door
    return new RedactingLogger(
      this.#pino.child(redactFields(fields)),
      this.#thresholds,
      typeof room === 'string' ? room : this.#room,
    )
  }

  #write(level: 'debug' | 'info' | 'warn' | 'error', fields: LogFields, event: string): void {
    if (!this.#thresholds.admits(level, this.#room)) return
    const line = redactFields(fields)
    const request = currentRequest()
    if (request !== undefined) line.requestId ??= request.id
    this.#pino[level](line, redactText(event))
  }
}

class RootLogger extends RedactingLogger implements AdjustableLogger {
  readonly #thresholds: Thresholds

  constructor(logger: pino.Logger, thresholds: Thresholds) {
    super(logger, thresholds)
    this.#thresholds = thresholds
  }

  get level(): LogLevel {
    return this.#thresholds.level
  }

  set level(level: LogLevel) {
    this.#thresholds.level = level
  }

  get roomLevels(): RoomLevels {
    return this.#thresholds.roomLevels
  }

  set roomLevels(levels: RoomLevels) {
    this.#thresholds.roomLevels = { ...levels }
  }
}
