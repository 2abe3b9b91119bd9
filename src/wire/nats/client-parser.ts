import { NatsProtocolError } from './errors.ts'
import { Fields } from './fields.ts'
import { operation } from './operation.ts'
import { badArguments, NONE, type ParserLimits, type ProtocolHandler, ProtocolParser } from './protocol-parser.ts'

/** Called in the order of the wire, from inside `feed`. What a handler throws comes out of `feed`. */
export interface ClientHandler extends ProtocolHandler {
  onConnect(json: string): void
  /**
   * `body` is the header block, if any (`headerBytes` long), and the payload: a view of the chunk when it lay in it
   * whole, otherwise a buffer of its own. Whether headers are allowed is the handler's business. `reply` may be empty.
   */
  onPublish(subject: string, reply: string, body: Buffer, headerBytes: number): void
  /** `queue` is empty for a plain subscription. Nothing is said about whether the subject is valid. */
  onSubscribe(subject: string, queue: string, sid: string): void
  /** `max` counts from the start of the subscription; 0 means at once. */
  onUnsubscribe(sid: string, max: number): void
  onPing(): void
  onPong(): void
  /** `-ERR`: the client has a complaint about us. Without this it is passed over. */
  onError?(text: string): void
}

/** What a client may say. The hot ones first: they are tried in this order. */
const OPERATIONS = [
  operation('PUB', { takesArguments: true }),
  operation('HPUB', { takesArguments: true }),
  operation('PING'),
  operation('PONG'),
  operation('SUB', { takesArguments: true }),
  operation('UNSUB', { takesArguments: true }),
  // nats-server takes the JSON also right behind the verb.
  operation('CONNECT', { mayComeFirst: true }),
  operation('+OK'),
  operation('-ERR', { takesArguments: true }),
  operation('INFO', { takesArguments: true }),
]
type OperationName = (typeof OPERATIONS)[number]['name']

/** One more than any operation has (HPUB: subject, reply, two sizes). */
const MAX_FIELDS = 5

/** Used within one operation only, so that all connections can share it. */
const fields = new Fields(MAX_FIELDS)

/**
 * Reads what a NATS client sends, cut anywhere. Subjects, replies, queues and sids are byte strings (latin1): each
 * character stands for one byte, so that any bytes come out as they came in.
 */
export class ClientParser extends ProtocolParser<OperationName, ClientHandler> {
  /** Whether HPUB is an operation of this client at all. */
  acceptsHeaders = true

  // The publish whose body is awaited.
  #subject = ''
  #reply = ''
  #headerBytes = 0

  constructor(limits: ParserLimits, handler: ClientHandler) {
    super(OPERATIONS, limits, handler)
  }

  /** Hot: once per operation. */
  protected override takeLine(name: OperationName, bytes: Buffer, from: number, end: number): void {
    switch (name) {
      case 'PUB':
        this.#takePublish(bytes, from, end)
        break
      case 'HPUB':
        this.#takeHeaderPublish(bytes, from, end)
        break
      case 'PING':
        this.handler.onPing()
        break
      case 'PONG':
        this.handler.onPong()
        break
      case 'SUB':
        this.#takeSubscribe(bytes, from, end)
        break
      case 'UNSUB':
        this.#takeUnsubscribe(bytes, from, end)
        break
      case 'CONNECT':
        this.handler.onConnect(bytes.toString('utf8', from, end).trim())
        break
      case '-ERR':
        this.handler.onError?.(bytes.toString('latin1', from, end).trim())
        break
      // nats-server passes both over as well: they are for servers.
      case '+OK':
      case 'INFO':
        break
    }
  }

  /** Hot: once per publish. */
  protected override takeBody(body: Buffer): void {
    this.handler.onPublish(this.#subject, this.#reply, body, this.#headerBytes)
  }

  /** `PUB <subject> [reply] <#bytes>` */
  #takePublish(bytes: Buffer, from: number, end: number): void {
    const count = fields.scan(bytes, from, end)
    const size = count === 2 || count === 3 ? fields.size(count - 1) : NONE
    if (size === NONE) throw badArguments('PUB <subject> [reply] <#bytes>')
    this.#awaitPublish(fields.textLike(0, this.#subject), count === 3 ? fields.text(1) : '', 0, size)
  }

  /** `HPUB <subject> [reply] <#header> <#total>` */
  #takeHeaderPublish(bytes: Buffer, from: number, end: number): void {
    if (!this.acceptsHeaders) throw new NatsProtocolError('ARGUMENTS', 'HPUB without "headers" in CONNECT')
    const count = fields.scan(bytes, from, end)
    const headerBytes = count === 3 || count === 4 ? fields.size(count - 2) : NONE
    const size = headerBytes === NONE ? NONE : fields.size(count - 1)
    if (size < headerBytes || size === NONE) throw badArguments('HPUB <subject> [reply] <#header> <#total>')
    this.#awaitPublish(fields.textLike(0, this.#subject), count === 4 ? fields.text(1) : '', headerBytes, size)
  }

  #awaitPublish(subject: string, reply: string, headerBytes: number, size: number): void {
    this.#subject = subject
    this.#reply = reply
    this.#headerBytes = headerBytes
    this.awaitBody(size)
  }

  /** `SUB <subject> [queue] <sid>` */
  #takeSubscribe(bytes: Buffer, from: number, end: number): void {
    const count = fields.scan(bytes, from, end)
    if (count !== 2 && count !== 3) throw badArguments('SUB <subject> [queue] <sid>')
    this.handler.onSubscribe(fields.text(0), count === 3 ? fields.text(1) : '', fields.text(count - 1))
  }

  /** `UNSUB <sid> [max]`; a `max` that is no number means at once, as in nats-server. */
  #takeUnsubscribe(bytes: Buffer, from: number, end: number): void {
    const count = fields.scan(bytes, from, end)
    if (count !== 1 && count !== 2) throw badArguments('UNSUB <sid> [max]')
    this.handler.onUnsubscribe(fields.text(0), count === 2 ? Math.max(0, fields.size(1)) : 0)
  }
}
