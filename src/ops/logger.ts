import pino from 'pino'
import type { LogFields, Logger } from '#kit'
import { redactFields, redactText } from './redact.ts'
import { textLine } from './text-line.ts'

export interface LoggerOptions {
  /** The least important events that are written. Default `info`. */
  readonly level?: 'off' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
  /** One JSON object a line, or a line for people. Default: for people on a terminal, JSON elsewhere. */
  readonly format?: 'json' | 'text'
  /** Default: standard error, so that standard output has only what was asked for. */
  readonly destination?: { write(line: string): void }
}

/** The log as it is written. Secrets are taken out of every event (`redact.ts`). */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info' } = options
  const destination = options.destination ?? pino.destination({ fd: 2, sync: true })
  const isForPeople = (options.format ?? (options.destination || !process.stderr.isTTY ? 'json' : 'text')) === 'text'
  const stream = isForPeople ? { write: (line: string) => void destination.write(textLine(line)) } : destination
  const settings: pino.LoggerOptions = {
    level: level === 'off' ? 'silent' : level,
    base: null,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  return new RedactingLogger(pino(settings, stream))
}

class RedactingLogger implements Logger {
  readonly #pino: pino.Logger

  constructor(logger: pino.Logger) {
    this.#pino = logger
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
    return new RedactingLogger(this.#pino.child(redactFields(fields)))
  }

  #write(level: 'debug' | 'info' | 'warn' | 'error', fields: LogFields, event: string): void {
    if (this.#pino.isLevelEnabled(level)) this.#pino[level](redactFields(fields), redactText(event))
  }
}
