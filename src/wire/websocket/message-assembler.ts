import { GrowingBuffer } from '../growing-buffer.ts'
import { type FrameHandler, FrameReader } from './frame-reader.ts'
import type { DataOpcode } from './opcode.ts'

/** Like `FrameHandler`, with whole messages. */
export interface MessageHandler extends Omit<FrameHandler, 'onData'> {
  /** `data` is a view of the chunk when the message lay in it in one piece, otherwise a buffer of its own. */
  onMessage(data: Buffer, opcode: DataOpcode): void
}

export interface MessageAssemblerOptions {
  readonly maskRequired: boolean
  readonly validateText: boolean
  /** Longest message; a longer one throws a `WebSocketError` with close code 1009 before any of it is kept. */
  readonly maxMessageBytes: number
}

/** Reads whole messages off a stream of bytes, with the `FrameReader` inside, whose rules apply. */
export class MessageAssembler {
  readonly #reader: FrameReader

  constructor(options: MessageAssemblerOptions, handler: MessageHandler) {
    this.#reader = new FrameReader(options, new Assembly(handler))
  }

  feed(chunk: Buffer): void {
    this.#reader.feed(chunk)
  }

  /** Ignores all input from now on; may be called from a handler. */
  stop(): void {
    this.#reader.stop()
  }
}

class Assembly implements FrameHandler {
  readonly #handler: MessageHandler
  /** Holds what has arrived, not what was announced; the reader sees to `maxMessageBytes`. Few messages need it. */
  #collected: GrowingBuffer | undefined

  constructor(handler: MessageHandler) {
    this.#handler = handler
  }

  onData(data: Buffer, opcode: DataOpcode, isFirst: boolean, isLast: boolean): void {
    if (isFirst && isLast) {
      this.#handler.onMessage(data, opcode)
      return
    }
    // Copied, not kept as views: a thousand one-byte fragments would hold on to a thousand chunks.
    this.#collected ??= new GrowingBuffer()
    this.#collected.append(data)
    if (!isLast) return
    const message = this.#collected.take()
    this.#collected = undefined
    this.#handler.onMessage(message, opcode)
  }

  onPing(payload: Buffer): void {
    this.#handler.onPing(payload)
  }

  onPong(payload: Buffer): void {
    this.#handler.onPong(payload)
  }

  onClose(code: number | undefined, reason: string): void {
    this.#handler.onClose(code, reason)
  }
}
