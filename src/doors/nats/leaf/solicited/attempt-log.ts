import type { LogFields, Logger } from '#kit'

/**
 * The log of a connection that is yet to become a link: why it does not is said by whoever tries it again, so that it is
 * not said with every attempt. What was said last is kept as the reason.
 */
export class AttemptLog implements Logger {
  readonly #logger: Logger
  isLinked = false
  lastReason: string | undefined

  constructor(logger: Logger) {
    this.#logger = logger
  }

  debug(fields: LogFields, event: string): void {
    this.#logger.debug(fields, event)
  }

  info(fields: LogFields, event: string): void {
    this.#say('info', fields, event)
  }

  warn(fields: LogFields, event: string): void {
    this.#say('warn', fields, event)
  }

  error(fields: LogFields, event: string): void {
    this.#say('error', fields, event)
  }

  child(fields: LogFields): Logger {
    return this.#logger.child(fields)
  }

  #say(level: 'info' | 'warn' | 'error', fields: LogFields, event: string): void {
    if (this.isLinked) {
      this.#logger[level](fields, event)
      return
    }
    if (typeof fields.reason === 'string') this.lastReason = fields.reason
    this.#logger.debug(fields, event)
  }
}
