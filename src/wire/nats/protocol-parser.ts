import { GrowingBuffer } from '../growing-buffer.ts'
import { NatsProtocolError } from './errors.ts'
import { LONGEST_VERB, maybeOperation, mayComeFirst, type Operation, operationAt } from './operation.ts'

export interface ParserLimits {
  /**
   * Longest line, counted from behind the verb and its blank to before the CRLF, as nats-server does, which allows leaf
   * nodes 16 times its `max_control_line`.
   */
  readonly maxControlLineBytes: number
  /** Longest body, headers included. Infinity for no limit, but sizes have nine digits at most. */
  readonly maxPayloadBytes: number
}

/** What each kind of peer has in common for its parser. */
export interface ProtocolHandler {
  /**
   * A line begins that may not come before the login, while `awaitsConnect`: pause, stop, or take `awaitsConnect` away and
   * it is read. Otherwise it is asked again with the next line.
   */
  onUninvited?(): void
}

const CR = 13
const LF = 10

/** What a line has besides that which `maxControlLineBytes` counts: a verb, its blank and a CR. */
const LINE_OVERHEAD = LONGEST_VERB + 2

/** Instead of a size: none, or no number. */
export const NONE = -1

/**
 * Reads lines, and the bodies that some announce, cut anywhere. Which operations there are and what they mean is the
 * business of the parser for one kind of peer.
 *
 * A violation throws a `NatsProtocolError`. The operations before it have been handed on by then; after it, all input is
 * ignored. `feed` must not be called from a handler.
 */
export abstract class ProtocolParser<Name extends string, Handler extends ProtocolHandler> {
  /** May be exchanged at any time, also from a handler. */
  limits: ParserLimits
  /** Whether the handler is asked about every line that may not come first: a peer that has yet to log in. */
  awaitsConnect = false
  protected readonly handler: Handler
  readonly #operations: readonly Operation<Name>[]
  #state: 'reading' | 'paused' | 'stopped' = 'reading'
  #held: Buffer[] = []

  /** The beginning of a control line whose end has not arrived yet. */
  readonly #line = new GrowingBuffer()

  /** Size of the body that is awaited, without the CRLF behind it. */
  #size = NONE
  /** The body and its CRLF when they arrive in pieces, and how much of them is there. */
  #body: Buffer | undefined
  #bodyBytes = 0

  constructor(operations: readonly Operation<Name>[], limits: ParserLimits, handler: Handler) {
    this.#operations = operations
    this.limits = limits
    this.handler = handler
  }

  /** The arguments of operation `name` are the bytes from `from`, right behind the verb, to `end`, where the line ends. */
  protected abstract takeLine(name: Name, bytes: Buffer, from: number, end: number): void

  /** The body that `awaitBody` asked for: a view of the chunk when it lay in it whole, otherwise a buffer of its own. */
  protected abstract takeBody(body: Buffer): void

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

  /** To be called from `takeLine`: the line is followed by a body of `size` bytes. */
  protected awaitBody(size: number): void {
    const { maxPayloadBytes } = this.limits
    if (size > maxPayloadBytes) {
      throw new NatsProtocolError('MAX_PAYLOAD', `A payload of ${size} bytes exceeds the maximum of ${maxPayloadBytes}`)
    }
    this.#size = size
  }

  /** Returns where reading goes on, as the other methods that are given a place do. */
  #readLine(chunk: Buffer, at: number): number {
    if (this.awaitsConnect && this.#line.length === 0 && !mayComeFirst(this.#operations, chunk[at])) {
      // Before anything of it is stored: a peer that nobody knows must not make us keep its payload.
      this.handler.onUninvited?.()
      if (this.#state !== 'reading') return at
    }
    const end = chunk.indexOf(LF, at)
    if (end < 0 || this.#line.length > 0) return this.#readCutLine(chunk, at, end < 0 ? chunk.length : end)
    this.#endLine(chunk, at, end)
    return end + 1
  }

  /** A line of which this chunk has only the beginning, the middle or the end. */
  #readCutLine(chunk: Buffer, at: number, end: number): number {
    const room = Math.max(0, this.limits.maxControlLineBytes + LINE_OVERHEAD - this.#line.length)
    const isTooLong = end - at > room
    this.#line.append(chunk, at, isTooLong ? at + room : end)
    if (end < chunk.length && !isTooLong) {
      const line = this.#line.take()
      this.#endLine(line, 0, line.length)
      return end + 1
    }
    if (!maybeOperation(this.#operations, this.#line.peek())) throw unknownOperation(this.#line.peek(), 0)
    if (isTooLong) throw lineTooLong()
    return chunk.length
  }

  /** Hot: once per operation. The line goes from `start` to the LF at `end`. */
  #endLine(bytes: Buffer, start: number, end: number): void {
    if (end > start && bytes[end - 1] === CR) end--
    const operation = operationAt(this.#operations, bytes, start)
    if (operation === undefined) throw unknownOperation(bytes, start)
    const from = start + operation.upper.length
    if (end - from - 1 > this.limits.maxControlLineBytes) throw lineTooLong()
    this.takeLine(operation.name, bytes, from, end)
  }

  /** Hot: once per message. */
  #readBody(chunk: Buffer, at: number): number {
    const end = at + this.#size
    if (this.#body !== undefined || end + 2 > chunk.length) return this.#readCutBody(chunk, at)
    if (chunk[end] !== CR || chunk[end + 1] !== LF) throw noLineEnd()
    this.#size = NONE
    this.takeBody(chunk.subarray(at, end))
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
      this.#size = NONE
      this.takeBody(body.subarray(0, size))
    }
    return at + copied
  }
}

/** For operations with the wrong number or kind of arguments; `expected` is their form. */
export function badArguments(expected: string): NatsProtocolError {
  return new NatsProtocolError('ARGUMENTS', `Bad arguments, expected ${expected}`)
}

/** Quotes the verb only: what follows may be a password. */
function unknownOperation(bytes: Buffer, start: number): NatsProtocolError {
  let end = start
  while (end < bytes.length && end < start + 12 && bytes[end]! > 0x20) end++
  return new NatsProtocolError('PARSE', `Unknown operation ${JSON.stringify(bytes.toString('latin1', start, end))}`)
}

function lineTooLong(): NatsProtocolError {
  return new NatsProtocolError('MAX_CONTROL_LINE', 'Control line too long')
}

function noLineEnd(): NatsProtocolError {
  return new NatsProtocolError('PARSE', 'Payload is not followed by CRLF')
}
