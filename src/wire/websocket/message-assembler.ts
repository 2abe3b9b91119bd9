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
  readonly #handler: MessageHandler
  readonly #reader: FrameReader
  /** Holds what has arrived, not what was announced; the reader sees to `maxMessageBytes`. */
  readonly #collected = new GrowingBuffer()

  constructor(options: MessageAssemblerOptions, handler: MessageHandler) {
    this.#handler = handler
    this.#reader = new FrameReader(options, {
      onData: (data, opcode, isFirst, isLast) => this.#add(data, opcode, isFirst, isLast),
      onPing: (payload) => handler.onPing(payload),
      onPong: (payload) => handler.onPong(payload),
      onClose: (code, reason) => handler.onClose(code, reason),
    })
  }

  feed(chunk: Buffer): void {
    this.#reader.feed(chunk)
  }

  /** Ignores all input from now on; may be called from a handler. */
  stop(): void {
    this.#reader.stop()
  }

  #add(data: Buffer, opcode: DataOpcode, isFirst: boolean, isLast: boolean): void {
    if (isFirst && isLast) {
      this.#handler.onMessage(data, opcode)
      return
    }
    // Copied, not kept as views: a thousand one-byte fragments would hold on to a thousand chunks.
    this.#collected.append(data)
    if (isLast) this.#handler.onMessage(this.#collected.take(), opcode)
  }
}
