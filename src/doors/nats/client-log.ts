import type { LogFields, Logger } from '#kit'

/**
 * What is told of operations while `isOn`, which is asked first: tracing costs nothing where it is off. Texts are the
 * operation without its verb.
 */
export interface ProtocolTrace {
  readonly isOn: boolean
  received(client: LogFields, verb: string, text?: string): void
  sent(client: LogFields, verb: string, text?: string): void
  /** By the server itself: `DELSUB`. */
  did(client: LogFields, verb: string, text: string): void
  /** `payload` begins with `headerBytes` of headers. */
  receivedPayload(client: LogFields, payload: Uint8Array, headerBytes: number): void
  sentPayload(client: LogFields, payload: Uint8Array, headerBytes: number): void
}

export interface ClientLogTools {
  readonly logger: Logger
  /** Where it is said what clients are refused; default: where everything is. */
  readonly refusals?: Logger | undefined
  readonly trace?: ProtocolTrace | undefined
}

/** A client that goes on with what it may not do would fill the disk. */
const MAX_REFUSALS = 100

/**
 * What is said about one client: events in the log, and in the trace what passes. Its fields are put in when something
 * is said: a child of the logger for each client would be more memory than most clients are worth.
 */
export class ClientLog implements Logger {
  readonly #logger: Logger
  readonly #refused: Logger
  readonly #trace: ProtocolTrace | undefined
  #fields: LogFields
  #refusals = 0

  constructor(fields: LogFields, { logger, refusals = logger, trace }: ClientLogTools) {
    this.#fields = fields
    this.#logger = logger
    this.#refused = refusals
    this.#trace = trace
  }

  /** More is known about the client. */
  describe(fields: LogFields): void {
    this.#fields = { ...this.#fields, ...fields }
  }

  debug(fields: LogFields, event: string): void {
    this.#logger.debug({ ...this.#fields, ...fields }, event)
  }

  info(fields: LogFields, event: string): void {
    this.#logger.info({ ...this.#fields, ...fields }, event)
  }

  warn(fields: LogFields, event: string): void {
    this.#logger.warn({ ...this.#fields, ...fields }, event)
  }

  error(fields: LogFields, event: string): void {
    this.#logger.error({ ...this.#fields, ...fields }, event)
  }

  child(fields: LogFields): Logger {
    return this.#logger.child({ ...this.#fields, ...fields })
  }

  /** An operation was not done; the first hundred are told. */
  refused(reason: string): void {
    if (this.#refusals === MAX_REFUSALS) return
    this.#refusals++
    this.#refused.error({ ...this.#fields, reason }, 'operation refused')
    if (this.#refusals === MAX_REFUSALS)
      this.#refused.warn(this.#fields, 'what else this client is refused is not logged')
  }

  /** It is not let in, or has to go. `claim` says who it says to be. */
  refusedLogin(fields: { readonly claim: string | undefined; readonly reason: string }): void {
    this.#refused.error({ ...this.#fields, ...fields }, 'login refused')
  }

  /** What strangers can bring about as often as they connect. */
  turnedAway(reason: string, event: string): void {
    this.#refused.error({ ...this.#fields, reason }, event)
  }

  /** There is no room for it. */
  refusedConnection(text: string): void {
    this.#refused.error(this.#fields, text)
  }

  /** Hot: asked for each operation and delivery. */
  get isTracing(): boolean {
    return this.#trace?.isOn ?? false
  }

  received(verb: string, text?: string): void {
    if (this.isTracing) this.#trace?.received(this.#fields, verb, text)
  }

  sent(verb: string, text?: string): void {
    if (this.isTracing) this.#trace?.sent(this.#fields, verb, text)
  }

  did(verb: string, text: string): void {
    if (this.isTracing) this.#trace?.did(this.#fields, verb, text)
  }

  receivedMessage(message: TracedMessage): void {
    const { subject, reply, body, headerBytes } = message
    const sizes = headerBytes > 0 ? `${headerBytes} ${body.length}` : `${body.length}`
    this.received(headerBytes > 0 ? 'HPUB' : 'PUB', [subject, ...(reply === '' ? [] : [reply]), sizes].join(' '))
    this.#trace?.receivedPayload(this.#fields, body, headerBytes)
  }

  /** `head` is the line in front of the payload. */
  sentMessage(head: string, { body, headerBytes }: TracedMessage): void {
    const verbEnd = head.indexOf(' ')
    this.sent(head.slice(0, verbEnd), head.slice(verbEnd + 1).trimEnd())
    this.#trace?.sentPayload(this.#fields, body, headerBytes)
  }
}

interface TracedMessage {
  readonly subject: string
  readonly reply: string
  readonly body: Buffer
  readonly headerBytes: number
}
