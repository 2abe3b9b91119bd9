import type { Clock, LogFields, Logger } from '#kit'

export interface LogBound {
  /** Of each level, in any `perMs`. */
  readonly maxLines: number
  readonly perMs: number
}

type Level = Exclude<keyof Logger, 'child'>

/**
 * A log for what strangers cause as often as they like to connect: of each level no more than `maxLines` go out from
 * the first until `perMs` later; then one line says how many were left out, and it begins anew. Who was left out is not
 * kept.
 */
export function boundedLog(logger: Logger, clock: Clock, { maxLines, perMs }: LogBound): Logger {
  const written = new Map<Level, number>()

  const summarize = (level: Level) => {
    const leftOut = written.get(level)! - maxLines
    written.delete(level)
    if (leftOut > 0) logger[level]({}, `${leftOut} more lines like the last ones were left out`)
  }
  const boundedAt = (level: Level, to: Logger) => (fields: LogFields, event: string) => {
    const count = written.get(level) ?? 0
    if (count === 0) clock.after(perMs, () => summarize(level))
    written.set(level, count + 1)
    if (count < maxLines) to[level](fields, event)
  }
  const bounded = (to: Logger): Logger => ({
    debug: boundedAt('debug', to),
    info: boundedAt('info', to),
    warn: boundedAt('warn', to),
    error: boundedAt('error', to),
    child: (fields) => bounded(to.child(fields)),
  })
  return bounded(logger)
}

/** For attempts to come in that fail, of one listener: whoever looks for a fault needs some of them, and no more. */
export const FAILURES: LogBound = { maxLines: 100, perMs: 10_000 }
/** For connections that are one too many: each would say the same. */
export const REFUSALS: LogBound = { maxLines: 10, perMs: 10_000 }
