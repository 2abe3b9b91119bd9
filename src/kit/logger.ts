export type LogFields = Readonly<Record<string, unknown>>

/**
 * What the rooms need of a log: an event's name with its fields. Secrets and vault contents are never handed in.
 * `ops` supplies the one that writes.
 */
export interface Logger {
  debug(fields: LogFields, event: string): void
  info(fields: LogFields, event: string): void
  warn(fields: LogFields, event: string): void
  error(fields: LogFields, event: string): void
  /** A logger that adds `fields` to every event. */
  child(fields: LogFields): Logger
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
