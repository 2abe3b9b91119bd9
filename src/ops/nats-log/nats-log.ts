import { isatty } from 'node:tty'
import pino from 'pino'
import type { LogFields, Logger } from '#kit'
import { redactFields, redactText } from '../redact.ts'
import { eventText, printable } from './event-text.ts'
import { type LineFormat, type NatsLogLevel, natsLogLine } from './line.ts'
import { LogFile } from './log-file.ts'
import { createProtocolTrace, type ProtocolTrace } from './protocol-trace.ts'

/** What the operator asked for: `log` of the settings. */
export interface NatsLogOptions {
  /** The least important events that are written; `debug` and `trace` ask for more. */
  readonly level: 'off' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
  readonly debug: boolean
  /** Every operation of the protocol. */
  readonly trace: boolean
  /** Of traced messages, only headers. */
  readonly traceHeaders: boolean
  /** Of a traced payload, at most this much is shown. Bytes; 0 means up to 4096. */
  readonly maxTracedBytes?: number | undefined
  readonly time: boolean
  readonly timeUtc: boolean
  /** `undefined`: standard error. */
  readonly file: string | undefined
  /** A longer log file is put aside; 0 means never. */
  readonly fileSizeLimitBytes: number
  /** The current log file and those put aside; 0 keeps all. */
  readonly maxFiles: number
}

/** What a program or a test may hand in. */
export interface NatsLogSurroundings {
  /** Instead of standard error. */
  readonly destination?: { write(line: string): void }
  /** Whether the destination shows colours. Default: whether standard error is a terminal. */
  readonly isTerminal?: boolean
  readonly pid?: number
  /** Milliseconds since the epoch, with fractions. */
  readonly now?: () => number
}

/**
 * A log whose lines are those of nats-server. Secrets are taken out of every line (`redact.ts`), and what peers sent
 * cannot break one.
 */
export class NatsLog {
  /** For the rooms: events with their fields become lines (`event-text.ts`). */
  readonly logger: Logger
  /** For the doors. */
  readonly trace: ProtocolTrace
  readonly #stderr: { write(line: string): void }
  readonly #isTerminal: boolean
  readonly #pid: number
  readonly #now: () => number
  #options: NatsLogOptions
  #format: LineFormat
  #file: LogFile | undefined

  /** @throws ConfigError when the log file cannot be opened. */
  constructor(options: NatsLogOptions, surroundings: NatsLogSurroundings = {}) {
    this.#stderr = surroundings.destination ?? pino.destination({ fd: 2, sync: true })
    this.#isTerminal = surroundings.isTerminal ?? (surroundings.destination === undefined && isatty(2))
    this.#pid = surroundings.pid ?? process.pid
    this.#now = surroundings.now ?? (() => performance.timeOrigin + performance.now())
    this.#options = options
    this.#format = this.#formatFor(options)
    this.#file = this.#open(options)
    this.logger = new EventLogger(this, {})
    this.trace = createProtocolTrace((text) => this.#emit('TRC', text), this.#traceSettings())
  }

  /** Writes a line if its level is asked for. A text of several lines stays one entry. */
  write(level: NatsLogLevel, text: string): void {
    if (this.isShown(level)) this.#emit(level, redactText(text))
  }

  isShown(level: NatsLogLevel): boolean {
    const { level: least, debug, trace } = this.#options
    switch (level) {
      case 'TRC':
        return trace
      case 'DBG':
        // `trace` by itself asks for the protocol, not for everything else.
        return debug || least === 'debug' || (least === 'trace' && !trace)
      case 'INF':
        return !['off', 'error', 'warn'].includes(least)
      case 'WRN':
        return !['off', 'error'].includes(least)
      case 'ERR':
        return least !== 'off'
      case 'FTL':
        return true
    }
  }

  /** Takes up new settings. @throws ConfigError when the new log file cannot be opened; the old settings stay then. */
  configure(options: NatsLogOptions): void {
    const isSameFile =
      options.file === this.#options.file &&
      options.fileSizeLimitBytes === this.#options.fileSizeLimitBytes &&
      options.maxFiles === this.#options.maxFiles
    const previous = this.#file
    if (!isSameFile) this.#file = this.#open(options)
    this.#options = options
    this.#format = this.#formatFor(options)
    if (!isSameFile) previous?.close()
  }

  /** Goes on in a new file of the name, after a rotation by others, and says so. */
  reopen(): void {
    this.#file?.reopen()
    this.write('INF', this.#file ? 'File log re-opened' : 'File log re-open ignored, not a file logger')
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  /** An event of a room; called by its logger. */
  event(level: NatsLogLevel, fields: LogFields, event: string): void {
    if (this.isShown(level)) this.#emit(level, eventText(redactFields(fields), redactText(event)))
  }

  #emit(level: NatsLogLevel, text: string): void {
    const line = natsLogLine(level, text, this.#now(), this.#format)
    if (this.#file === undefined) this.#stderr.write(line)
    else this.#file.write(line)
  }

  #open({ file, fileSizeLimitBytes, maxFiles }: NatsLogOptions): LogFile | undefined {
    if (file === undefined) return undefined
    return new LogFile({
      file,
      sizeLimitBytes: fileSizeLimitBytes,
      maxFiles,
      now: this.#now,
      line: (level, text) => natsLogLine(level, text, this.#now(), this.#format),
      onTrouble: (text) => this.#stderr.write(natsLogLine('ERR', printable(text), this.#now(), this.#format)),
    })
  }

  #formatFor({ time, timeUtc, file }: NatsLogOptions): LineFormat {
    return { pid: this.#pid, time, timeUtc, colours: this.#isTerminal && file === undefined }
  }

  #traceSettings() {
    const options = () => this.#options
    return {
      get isOn() {
        return options().trace
      },
      get format() {
        return { maxPayloadBytes: options().maxTracedBytes ?? 0, headersOnly: options().traceHeaders }
      },
    }
  }
}

class EventLogger implements Logger {
  readonly #log: NatsLog
  readonly #fields: LogFields

  constructor(log: NatsLog, fields: LogFields) {
    this.#log = log
    this.#fields = fields
  }

  debug(fields: LogFields, event: string): void {
    // Most are not shown: nothing is copied for them.
    if (this.#log.isShown('DBG')) this.#log.event('DBG', { ...this.#fields, ...fields }, event)
  }

  info(fields: LogFields, event: string): void {
    this.#log.event('INF', { ...this.#fields, ...fields }, event)
  }

  warn(fields: LogFields, event: string): void {
    this.#log.event('WRN', { ...this.#fields, ...fields }, event)
  }

  error(fields: LogFields, event: string): void {
    this.#log.event('ERR', { ...this.#fields, ...fields }, event)
  }

  child(fields: LogFields): Logger {
    return new EventLogger(this.#log, { ...this.#fields, ...fields })
  }
}
