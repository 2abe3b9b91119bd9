/**
 * The four kinds of failure are three classes and everything else: what the operator wrote (`ConfigError`), what a
 * peer sent (`ProtocolError`), what an API request asked for (`ApiError`, in `vault/`), and bugs. Each class has a
 * stable `code`; each door owns one table from codes to its wire.
 */
export class ConfigError extends Error {
  readonly code = 'CONFIG'
  override name = 'ConfigError'
}

/** A peer broke the rules of its protocol. `Code` is the set of codes of the codec that throws it. */
export class ProtocolError<Code extends string = string> extends Error {
  readonly code: Code
  override name = 'ProtocolError'

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
