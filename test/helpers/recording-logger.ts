import type { LogFields, Logger } from '#kit'

export interface LoggedEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Those of the logger it is a child of included. */
  readonly fields: LogFields
  readonly event: string
}

/** A logger that hands every line to `record`. */
export function recordingLogger(record: (line: LoggedEvent) => unknown, inherited: LogFields = {}): Logger {
  const at = (level: LoggedEvent['level']) => (fields: LogFields, event: string) =>
    void record({ level, fields: { ...inherited, ...fields }, event })
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => recordingLogger(record, { ...inherited, ...fields }),
  }
}

/** As one text, to be searched. */
export function lineOf({ fields, event }: LoggedEvent): string {
  return JSON.stringify({ ...fields, event })
}
