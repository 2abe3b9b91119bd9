import { isUtf8 } from 'node:buffer'
import { isCloseCode } from './close-code.ts'
import { WebSocketError } from './errors.ts'
import { type DataOpcode, MAX_CONTROL_PAYLOAD_BYTES, MAX_HEADER_BYTES, Opcode } from './opcode.ts'
import { unmask } from './unmask.ts'
import { Utf8Validator } from './utf8-validator.ts'

/** Called by the reader in the order of the wire, from inside `feed`. What a handler throws comes out of `feed`. */
export interface FrameHandler {
  /**
   * A piece of a message: as much of one frame as the chunk held, unmasked, a view of the chunk. Empty only where a
   * message ends without further bytes. Plain arguments, since an object per frame would be an allocation per frame.
   */
  onData(data: Buffer, opcode: DataOpcode, isFirst: boolean, isLast: boolean): void
  /**
   * The same for a message that is compressed (RFC 7692): still compressed, and whether it is text does not matter to
   * the reader then. Having this method says that compression was agreed on; without it RSV1 is a violation.
   */
  onCompressed?(data: Buffer, isLast: boolean): void
  /** At most 125 bytes. */
  onPing(payload: Buffer): void
  onPong(payload: Buffer): void
  /** The last call: what comes after a close frame is ignored. `code` is undefined when the frame was empty. */
  onClose(code: number | undefined, reason: string): void
}

export interface FrameReaderOptions {
  /** True on a server (RFC 6455 §5.1); false on the client side, and where `Nats-No-Masking` was agreed on. */
  readonly maskRequired: boolean
  /** Whether text messages must be UTF-8, unless compressed. False for NATS, to which text and binary are the same stream of bytes. */
  readonly validateText: boolean
  /**
   * Longest message, checked against the declared lengths of its frames, compressed as they may be. Without it messages
   * are streamed, unlimited.
   */
  readonly maxMessageBytes?: number
}

const NOTHING = Buffer.alloc(0)

/** Set on the first frame of a compressed message. */
const RSV1 = 0x40

/**
 * Reads RFC 6455 frames off a stream of bytes that is cut anywhere. Payloads are unmasked in place: a chunk that was fed
 * belongs to the reader and its handler from then on.
 *
 * A violation throws a `WebSocketError`. Whatever was complete before it in the same chunk has been handed on by then;
 * after it, as after a close frame, everything is ignored. `feed` must not be called from a handler.
 *
 * Skipped on purpose: a length in more bytes than it needs (§5.2) is accepted, as the widespread servers do.
 */
export class FrameReader {
  readonly #handler: FrameHandler
  readonly #isMasked: boolean
  readonly #validateText: boolean
  readonly #maxMessageBytes: number
  #state: 'reading' | 'paused' | 'stopped' = 'reading'
  /** Undefined unless something is. */
  #held: Buffer[] | undefined

  /** The beginning of a header whose end has not arrived yet. */
  #header: Buffer | undefined
  #headerBytes = 0

  // The frame being read. The key turns with the payload: its lowest byte is the one for the next payload byte.
  #opcode = 0
  #isFinal = true
  #key = 0
  #remaining = 0

  // The message being read, which may have control frames in between. 0 when there is none.
  #message: DataOpcode | 0 = 0
  #isFirst = true
  #isCompressed = false
  #messageBytes = 0
  /** Made for the first text in several pieces; most connections never see one. */
  #text: Utf8Validator | undefined

  /** What has arrived of a control payload that is cut. */
  #control: Buffer = NOTHING

  constructor(options: FrameReaderOptions, handler: FrameHandler) {
    this.#handler = handler
    this.#isMasked = options.maskRequired
    this.#validateText = options.validateText
    this.#maxMessageBytes = options.maxMessageBytes ?? Number.MAX_SAFE_INTEGER
  }

  /** Hot: once per read of the socket, loops once per frame. bench/websocket-decode.ts */
  feed(chunk: Buffer): void {
    let at = 0
    try {
      while (at < chunk.length && this.#state === 'reading') {
        at = this.#remaining === 0 ? this.#readHeader(chunk, at) : this.#readPayload(chunk, at)
      }
    } catch (error) {
      this.stop()
      throw error
    }
    if (at < chunk.length && this.#state === 'paused') this.#hold(chunk.subarray(at))
  }

  /** Ignores all input from now on; may be called from a handler. */
  stop(): void {
    this.#state = 'stopped'
    this.#held = undefined
  }

  /**
   * Keeps what follows until `resume`; may be called from a handler. What is held is the rest of the chunk in hand and
   * whatever else is fed: the caller stops reading its socket.
   */
  pause(): void {
    if (this.#state === 'reading') this.#state = 'paused'
  }

  /** Goes on where `pause` stopped, and throws as `feed` does. Not to be called from a handler. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'reading'
    const held = this.#held ?? []
    this.#held = undefined
    for (const chunk of held) this.feed(chunk)
  }

  #hold(rest: Buffer): void {
    this.#held ??= []
    this.#held.push(rest)
  }

  /** Returns where reading goes on, as the other methods that are given a place do. */
  #readHeader(chunk: Buffer, at: number): number {
    if (this.#headerBytes > 0) return this.#readCutHeader(chunk, at)
    const length = this.#startFrame(chunk, at, chunk.length)
    if (length > 0) return at + length
    this.#header ??= Buffer.alloc(MAX_HEADER_BYTES)
    this.#headerBytes = chunk.copy(this.#header, 0, at)
    return chunk.length
  }

  #readCutHeader(chunk: Buffer, at: number): number {
    const had = this.#headerBytes
    const header = this.#header!
    const has = had + chunk.copy(header, had, at)
    const length = this.#startFrame(header, 0, has)
    this.#headerBytes = length > 0 ? 0 : has
    return length > 0 ? at + length - had : chunk.length
  }

  /** Takes the header that begins at `at`. Returns its length, or 0 when `end` comes before the header's. */
  #startFrame(bytes: Buffer, at: number, end: number): number {
    if (end - at < 2) return 0
    const flags = bytes[at]!
    const lengthByte = bytes[at + 1]!
    // Before the rest has arrived, which for a wrong header may be never.
    this.#checkHeader(flags, lengthByte)

    let next = at + 2
    let length = lengthByte & 0x7f
    if (length === 126) {
      if (end - next < 2) return 0
      length = bytes.readUInt16BE(next)
      next += 2
    } else if (length === 127) {
      if (end - next < 8) return 0
      length = readLength64(bytes, next)
      next += 8
    }
    if (this.#isMasked) {
      if (end - next < 4) return 0
      this.#key = bytes[next]! | (bytes[next + 1]! << 8) | (bytes[next + 2]! << 16) | (bytes[next + 3]! << 24)
      next += 4
    }
    this.#opcode = flags & 0x0f
    this.#isFinal = flags >= 0x80
    this.#remaining = length
    if (this.#opcode < Opcode.CLOSE) this.#startData(length, (flags & RSV1) !== 0)
    else if (length === 0) this.#takeControl(NOTHING)
    return next - at
  }

  /** The rules of RFC 6455 §5.2 to §5.5 and RFC 7692 §6 about the first two bytes, in nats-server's order and words. */
  #checkHeader(flags: number, lengthByte: number): void {
    const isCompressed = (flags & RSV1) !== 0
    if ((flags & 0x30) !== 0) throw violation('RSV2 and RSV3 must be clear')
    if (isCompressed && this.#handler.onCompressed === undefined) {
      throw violation('compressed frame received without negotiated permessage-deflate')
    }
    if (lengthByte >= 0x80 !== this.#isMasked) throw violation(this.#isMasked ? 'mask bit missing' : 'mask bit set')
    switch (flags & 0x0f) {
      case Opcode.TEXT:
      case Opcode.BINARY:
        if (this.#message === 0) return
        throw violation('new message started before final frame for previous message was received')
      case Opcode.CONTINUATION:
        if (this.#message !== 0 && !isCompressed) return
        throw violation('invalid continuation frame')
      case Opcode.CLOSE:
      case Opcode.PING:
      case Opcode.PONG:
        if ((lengthByte & 0x7f) > MAX_CONTROL_PAYLOAD_BYTES) {
          throw violation('control frame length bigger than maximum allowed of 125 bytes')
        }
        if (flags < 0x80) throw violation('control frame does not have final bit set')
        if (isCompressed) throw violation('control frame must not be compressed')
        return
      default:
        throw violation(`unknown opcode ${flags & 0x0f}`)
    }
  }

  #startData(length: number, isCompressed: boolean): void {
    if (this.#opcode !== Opcode.CONTINUATION) {
      this.#message = this.#opcode as DataOpcode
      this.#isFirst = true
      this.#isCompressed = isCompressed
      this.#messageBytes = 0
    }
    this.#messageBytes += length
    if (this.#messageBytes > this.#maxMessageBytes) throw tooBig()
    if (length === 0 && this.#isFinal) this.#deliver(NOTHING, true)
  }

  #readPayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#remaining)
    if (this.#isMasked) this.#key = unmask(chunk, at, end, this.#key)
    this.#remaining -= end - at
    const piece = chunk.subarray(at, end)
    if (this.#opcode < Opcode.CLOSE) this.#deliver(piece, this.#isFinal && this.#remaining === 0)
    else this.#takeControl(piece)
    return end
  }

  #deliver(data: Buffer, isLast: boolean): void {
    if (this.#isCompressed) {
      if (isLast) this.#message = 0
      this.#handler.onCompressed!(data, isLast)
      return
    }
    const opcode = this.#message as DataOpcode
    const isFirst = this.#isFirst
    if (this.#validateText && opcode === Opcode.TEXT && !this.#isText(data, isFirst, isLast)) {
      throw new WebSocketError('INVALID_TEXT', 'invalid utf8 in text message')
    }
    this.#isFirst = false
    if (isLast) this.#message = 0
    this.#handler.onData(data, opcode, isFirst, isLast)
  }

  #isText(data: Buffer, isFirst: boolean, isLast: boolean): boolean {
    if (isFirst && isLast) return isUtf8(data)
    this.#text ??= new Utf8Validator()
    return this.#text.isValid(data) && (!isLast || this.#text.end())
  }

  #takeControl(piece: Buffer): void {
    if (this.#remaining > 0) {
      // Copied, since what comes next may never come: a view would hold on to the whole chunk meanwhile.
      this.#control = Buffer.concat([this.#control, piece])
      return
    }
    const payload = this.#control.length === 0 ? piece : Buffer.concat([this.#control, piece])
    this.#control = NOTHING
    if (this.#opcode === Opcode.PING) this.#handler.onPing(payload)
    else if (this.#opcode === Opcode.PONG) this.#handler.onPong(payload)
    else this.#takeClose(payload)
  }

  #takeClose(payload: Buffer): void {
    this.stop()
    if (payload.length === 0) {
      this.#handler.onClose(undefined, '')
      return
    }
    if (payload.length === 1) throw violation('close frame payload cannot be 1 byte')
    const code = payload.readUInt16BE(0)
    if (!isCloseCode(code)) throw violation(`invalid close status code ${code}`)
    const reason = payload.subarray(2)
    if (!isUtf8(reason)) throw new WebSocketError('INVALID_TEXT', 'invalid utf8 body in close frame')
    this.#handler.onClose(code, reason.toString('utf8'))
  }
}

function readLength64(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32BE(at)
  if (high >= 0x80000000) throw violation('invalid 64-bit payload length')
  const length = high * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
  if (!Number.isSafeInteger(length)) throw tooBig()
  return length
}

function violation(reason: string): WebSocketError {
  return new WebSocketError('PROTOCOL', reason)
}

function tooBig(): WebSocketError {
  return new WebSocketError('TOO_BIG', 'message too big')
}
