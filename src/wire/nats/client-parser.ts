import { GrowingBuffer } from '../growing-buffer.ts'
import { NatsProtocolError } from './errors.ts'
import { Fields } from './fields.ts'
import { LONGEST_VERB, maybeOperation, operationAt } from './operation.ts'

/** Called in the order of the wire, from inside `feed`. What a handler throws comes out of `feed`. */
export interface ClientHandler {
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
  /**
   * A line begins that is no CONNECT, while `awaitsConnect`: pause, stop, or take `awaitsConnect` away and it is read.
   * Otherwise it is asked again with the next line.
   */
  onUninvited?(): void
}

export interface ClientLimits {
  /** Longest line, counted from behind the verb and its blank to before the CRLF, as nats-server does. */
  readonly maxControlLineBytes: number
  /** Longest body, headers included. Infinity for no limit, but sizes have nine digits at most. */
  readonly maxPayloadBytes: number
}

const CR = 13
const LF = 10

/** What a line has besides that which `maxControlLineBytes` counts: a verb, its blank and a CR. */
const LINE_OVERHEAD = LONGEST_VERB + 2

const NONE = -1

/** Used within one operation only, so that all connections can share it. */
const fields = new Fields()

/**
 * Reads what a NATS client sends, cut anywhere. Subjects, replies, queues and sids are byte strings (latin1): each
 * character stands for one byte, so that any bytes come out as they came in.
 *
 * A violation throws a `NatsProtocolError`. The operations before it have been handed on by then; after it, all input is
 * ignored. `feed` must not be called from a handler.
 */
export class ClientParser {
  /** May be exchanged at any time, also from a handler. */
  limits: ClientLimits
  /** Whether the handler is asked about every line but CONNECT: a client that has yet to log in. */
  awaitsConnect = false
  /** Whether HPUB is an operation of this client at all. */
  acceptsHeaders = true
  readonly #handler: ClientHandler
  #state: 'reading' | 'paused' | 'stopped' = 'reading'
  #held: Buffer[] = []

  /** The beginning of a control line whose end has not arrived yet. */
  readonly #line = new GrowingBuffer()

  // The publish whose body is awaited; `#size` is -1 outside of one.
  #subject = ''
  #reply = ''
  #headerBytes = 0
  #size = NONE
  /** The body and its CRLF when they arrive in pieces, and how much of them is there. */
  #body: Buffer | undefined
  #bodyBytes = 0

  constructor(limits: ClientLimits, handler: ClientHandler) {
    this.limits = limits
    this.#handler = handler
  }

  /** Hot: once per read of the socket, loops once per operation. bench/nats-parse.ts */
  feed(chunk: Buffer): void {
    let at = 0
    try {
      while (at < chunk.length && this.#state === 'reading') {
        at = this.#size === NONE ? this.#readLine(chunk, at) : this.#readBody(chunk, at)
      }
    } catch (error) {
      this.stop()
      throw error
    }
    if (at < chunk.length && this.#state === 'paused') this.#held.push(chunk.subarray(at))
  }

  /** Ignores all input from now on; may be called from a handler. */
  stop(): void {
    this.#state = 'stopped'
    this.#held = []
  }

  /**
   * Keeps what follows until `resume`; may be called from a handler, say while a password is checked. What is held is
   * the rest of the read in hand and whatever else is fed: the caller stops reading its socket.
   */
  pause(): void {
    if (this.#state === 'reading') this.#state = 'paused'
  }

  /** Goes on where `pause` stopped, and throws as `feed` does. Not to be called from a handler. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'reading'
    const held = this.#held
    this.#held = []
    for (const chunk of held) this.feed(chunk)
  }

  /** Returns where reading goes on, as the other methods that are given a place do. */
  #readLine(chunk: Buffer, at: number): number {
    if (this.awaitsConnect && this.#line.length === 0 && !isC(chunk[at])) {
      // Before anything of it is stored: a client that nobody knows must not make us keep its payload.
      this.#handler.onUninvited?.()
      if (this.#state !== 'reading') return at
    }
    const end = chunk.indexOf(LF, at)
    if (end < 0 || this.#line.length > 0) return this.#readCutLine(chunk, at, end < 0 ? chunk.length : end)
    this.#takeLine(chunk, at, end)
    return end + 1
  }

  /** A line of which this chunk has only the beginning, the middle or the end. */
  #readCutLine(chunk: Buffer, at: number, end: number): number {
    const room = Math.max(0, this.limits.maxControlLineBytes + LINE_OVERHEAD - this.#line.length)
    const isTooLong = end - at > room
    this.#line.append(chunk, at, isTooLong ? at + room : end)
    if (end < chunk.length && !isTooLong) {
      const line = this.#line.take()
      this.#takeLine(line, 0, line.length)
      return end + 1
    }
    if (!maybeOperation(this.#line.peek())) throw unknownOperation(this.#line.peek(), 0)
    if (isTooLong) throw lineTooLong()
    return chunk.length
  }

  /** Hot: once per operation. The line goes from `start` to the LF at `end`. */
  #takeLine(bytes: Buffer, start: number, end: number): void {
    if (end > start && bytes[end - 1] === CR) end--
    const operation = operationAt(bytes, start)
    if (operation === undefined) throw unknownOperation(bytes, start)
    const from = start + operation.upper.length
    if (end - from - 1 > this.limits.maxControlLineBytes) throw lineTooLong()
    switch (operation.name) {
      case 'PUB':
        this.#takePublish(bytes, from, end)
        break
      case 'HPUB':
        this.#takeHeaderPublish(bytes, from, end)
        break
      case 'PING':
        this.#handler.onPing()
        break
      case 'PONG':
        this.#handler.onPong()
        break
      case 'SUB':
        this.#takeSubscribe(bytes, from, end)
        break
      case 'UNSUB':
        this.#takeUnsubscribe(bytes, from, end)
        break
      case 'CONNECT':
        this.#handler.onConnect(bytes.toString('utf8', from, end).trim())
        break
      case '-ERR':
        this.#handler.onError?.(bytes.toString('latin1', from, end).trim())
        break
      // nats-server passes both over as well: they are for servers.
      case '+OK':
      case 'INFO':
        break
    }
  }

  /** `PUB <subject> [reply] <#bytes>` */
  #takePublish(bytes: Buffer, from: number, end: number): void {
    const count = fields.scan(bytes, from, end)
    const size = count === 2 || count === 3 ? fields.size(count - 1) : NONE
    if (size === NONE) throw badArguments('PUB <subject> [reply] <#bytes>')
    this.#awaitBody(fields.textLike(0, this.#subject), count === 3 ? fields.text(1) : '', 0, size)
  }

  /** `HPUB <subject> [reply] <#header> <#total>` */
  #takeHeaderPublish(bytes: Buffer, from: number, end: number): void {
    if (!this.acceptsHeaders) throw new NatsProtocolError('ARGUMENTS', 'HPUB without "headers" in CONNECT')
    const count = fields.scan(bytes, from, end)
    const headerBytes = count === 3 || count === 4 ? fields.size(count - 2) : NONE
    const size = headerBytes === NONE ? NONE : fields.size(count - 1)
    if (size < headerBytes || size === NONE) throw badArguments('HPUB <subject> [reply] <#header> <#total>')
    this.#awaitBody(fields.textLike(0, this.#subject), count === 4 ? fields.text(1) : '', headerBytes, size)
  }

  #awaitBody(subject: string, reply: string, headerBytes: number, size: number): void {
    const { maxPayloadBytes } = this.limits
    if (size > maxPayloadBytes) {
      throw new NatsProtocolError('MAX_PAYLOAD', `A payload of ${size} bytes exceeds the maximum of ${maxPayloadBytes}`)
    }
    this.#subject = subject
    this.#reply = reply
    this.#headerBytes = headerBytes
    this.#size = size
  }

  /** `SUB <subject> [queue] <sid>` */
  #takeSubscribe(bytes: Buffer, from: number, end: number): void {
    const count = fields.scan(bytes, from, end)
    if (count !== 2 && count !== 3) throw badArguments('SUB <subject> [queue] <sid>')
    this.#handler.onSubscribe(fields.text(0), count === 3 ? fields.text(1) : '', fields.text(count - 1))
  }

  /** `UNSUB <sid> [max]`; a `max` that is no number means at once, as in nats-server. */
  #takeUnsubscribe(bytes: Buffer, from: number, end: number): void {
    const count = fields.scan(bytes, from, end)
    if (count !== 1 && count !== 2) throw badArguments('UNSUB <sid> [max]')
    this.#handler.onUnsubscribe(fields.text(0), count === 2 ? Math.max(0, fields.size(1)) : 0)
  }

  /** Hot: once per publish. */
  #readBody(chunk: Buffer, at: number): number {
    const end = at + this.#size
    if (this.#body !== undefined || end + 2 > chunk.length) return this.#readCutBody(chunk, at)
    if (chunk[end] !== CR || chunk[end + 1] !== LF) throw noLineEnd()
    this.#publish(chunk.subarray(at, end))
    return end + 2
  }

  #readCutBody(chunk: Buffer, at: number): number {
    const size = this.#size
    this.#body ??= Buffer.allocUnsafe(size + 2)
    const body = this.#body
    const copied = chunk.copy(body, this.#bodyBytes, at)
    this.#bodyBytes += copied
    if (this.#bodyBytes === body.length) {
      if (body[size] !== CR || body[size + 1] !== LF) throw noLineEnd()
      this.#body = undefined
      this.#bodyBytes = 0
      this.#publish(body.subarray(0, size))
    }
    return at + copied
  }

  #publish(body: Buffer): void {
    this.#size = NONE
    this.#handler.onPublish(this.#subject, this.#reply, body, this.#headerBytes)
  }
}

/** Whether a line that begins with this byte can be CONNECT. */
function isC(byte: number | undefined): boolean {
  return byte === 0x43 || byte === 0x63
}

/** Quotes the verb only: what follows may be a password. */
function unknownOperation(bytes: Buffer, start: number): NatsProtocolError {
  let end = start
  while (end < bytes.length && end < start + 12 && bytes[end]! > 0x20) end++
  return new NatsProtocolError('PARSE', `Unknown operation ${JSON.stringify(bytes.toString('latin1', start, end))}`)
}

function badArguments(expected: string): NatsProtocolError {
  return new NatsProtocolError('ARGUMENTS', `Bad arguments, expected ${expected}`)
}

function lineTooLong(): NatsProtocolError {
  return new NatsProtocolError('MAX_CONTROL_LINE', 'Control line too long')
}

function noLineEnd(): NatsProtocolError {
  return new NatsProtocolError('PARSE', 'Payload is not followed by CRLF')
}
