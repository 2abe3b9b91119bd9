import type { Batch, Framing } from '#core'
import { frameHeaderLength, Opcode, writeFrameHeader } from '#wire/websocket'
import { DeflateJob, type Deflater } from './deflater.ts'

/** Browsers fare better with short frames; nats-server's size. */
const BROWSER_FRAME_BYTES = 4096
const UNLIMITED_BYTES = Number.MAX_SAFE_INTEGER

/** As nats-server, at most this much is never compressed. */
export const UNCOMPRESSED_UP_TO_BYTES = 64

/** How batches become WebSocket frames. One object for all connections of a kind, so that they share what was encoded. */
export interface WebSocketFraming extends Framing {
  /**
   * What `encode` answered, if that is not frames yet: they are still being deflated. Only the carrier's writing has
   * to know.
   */
  late?(bytes: Buffer): LateFrames | undefined
  /** A control frame, where it is not as a server has it. */
  control?(opcode: Opcode, payload: Buffer): Buffer
}

/** Puts a batch, deflated or not, into frames. */
export type Framer = (batch: Batch, isDeflated: boolean) => Buffer

/** Frames whose payload another thread is deflating. */
export class LateFrames {
  readonly #job: DeflateJob
  readonly #inFrames: Framer
  #compressed: Buffer | undefined
  #uncompressed: Buffer | undefined

  constructor(job: DeflateJob, framer: Framer) {
    this.#job = job
    this.#inFrames = framer
  }

  /** Of the payload, which is what waits in memory. */
  get byteLength(): number {
    return this.#job.payload.length
  }

  get isReady(): boolean {
    return this.#job.isDone
  }

  /** Compressed if that is done, else as they are; the same buffer for all who ask. */
  get frames(): Buffer {
    const { deflated, payload } = this.#job
    if (deflated === undefined) {
      this.#uncompressed ??= this.#inFrames(whole(payload), false)
      return this.#uncompressed
    }
    this.#compressed ??= this.#inFrames(whole(deflated), true)
    return this.#compressed
  }

  wait(wake: () => void): void {
    this.#job.wait(wake)
  }

  forget(wake: () => void): void {
    this.#job.forget(wake)
  }
}

/** Everything of one turn in one binary frame. */
export const BINARY_FRAME: WebSocketFraming = { encode: (batch) => messages(batch, UNLIMITED_BYTES) }

/** Everything of one turn in one text frame: for what is UTF-8, and never cut. */
export const TEXT_FRAME: WebSocketFraming = { encode: textMessage }

/** Everything of one turn in messages of 4096 bytes, each complete: a NATS stream may be cut anywhere. */
export const BROWSER_FRAMES: WebSocketFraming = { encode: (batch) => messages(batch, BROWSER_FRAME_BYTES) }

export interface CompressedFramingOptions {
  /** Of what is sent uncompressed, in messages of their own. */
  readonly maxFrameBytes?: number
  /** Of what is compressed, in one message. */
  readonly maxFragmentBytes?: number
}

/** Everything of one turn in one compressed message, or as it is where that is not longer. */
export class CompressedFraming implements WebSocketFraming {
  readonly #deflater: Deflater
  readonly #maxFrameBytes: number
  readonly #maxFragmentBytes: number
  /** By what was answered instead of the frames. */
  readonly #late = new WeakMap<Buffer, LateFrames>()

  constructor(deflater: Deflater, options: CompressedFramingOptions = {}) {
    this.#deflater = deflater
    this.#maxFrameBytes = options.maxFrameBytes ?? UNLIMITED_BYTES
    this.#maxFragmentBytes = options.maxFragmentBytes ?? UNLIMITED_BYTES
  }

  /** Frames that are ready, or the payload of those that `late` knows. */
  encode(batch: Batch): Buffer {
    const deflated = batch.byteLength <= UNCOMPRESSED_UP_TO_BYTES ? undefined : this.#deflater.deflate(batch)
    if (deflated === undefined) return messages(batch, this.#maxFrameBytes)
    if (!(deflated instanceof DeflateJob)) return fragments(deflated, this.#maxFragmentBytes)
    this.#late.set(deflated.payload, new LateFrames(deflated, this.#inFrames))
    return deflated.payload
  }

  late(bytes: Buffer): LateFrames | undefined {
    return this.#late.get(bytes)
  }

  readonly #inFrames: Framer = (batch, isDeflated) => {
    return inFrames(batch, isDeflated ? this.#maxFragmentBytes : this.#maxFrameBytes, isDeflated)
  }
}

/** The framings of compressed connections that share a deflater. */
export interface CompressedFramings {
  readonly standard: WebSocketFraming
  readonly browser: WebSocketFraming
  /** Cannot put compressed fragments together. */
  readonly safari: WebSocketFraming
}

export function compressedFramings(deflater: Deflater): CompressedFramings {
  return {
    standard: new CompressedFraming(deflater),
    browser: new CompressedFraming(deflater, {
      maxFrameBytes: BROWSER_FRAME_BYTES,
      maxFragmentBytes: BROWSER_FRAME_BYTES,
    }),
    safari: new CompressedFraming(deflater, { maxFrameBytes: BROWSER_FRAME_BYTES }),
  }
}

/** Hot: uncompressed messages of at most `maxFrameBytes` each, written one behind the other. */
function messages(batch: Batch, maxFrameBytes: number): Buffer {
  return inFrames(batch, maxFrameBytes, false)
}

/** One compressed message in fragments of at most `maxFrameBytes`; only the first has RSV1 (RFC 7692 §6.1). */
function fragments(deflated: Buffer, maxFrameBytes: number): Buffer {
  return inFrames(whole(deflated), maxFrameBytes, true)
}

function inFrames(batch: Batch, maxFrameBytes: number, isDeflated: boolean): Buffer {
  const count = Math.max(1, Math.ceil(batch.byteLength / maxFrameBytes))
  const lastBytes = batch.byteLength - (count - 1) * maxFrameBytes
  const headerBytes = (count - 1) * frameHeaderLength(maxFrameBytes) + frameHeaderLength(lastBytes)
  const target = Buffer.allocUnsafe(headerBytes + batch.byteLength)
  // Everything at the end first, then each frame's part moves forward to its header: no second buffer, and the headers
  // yet to be written always fit before what has yet to be moved.
  batch.copyTo(target, headerBytes)
  let at = 0
  let from = headerBytes
  for (let i = 0; i < count; i++) {
    const isFirst = i === 0
    const isLast = i === count - 1
    const length = isLast ? lastBytes : maxFrameBytes
    const opcode = isDeflated && !isFirst ? Opcode.CONTINUATION : Opcode.BINARY
    at = writeFrameHeader(target, at, opcode, isLast || !isDeflated, isDeflated && isFirst, length)
    if (at < from) target.copyWithin(at, from, from + length)
    at += length
    from += length
  }
  return target
}

function textMessage(batch: Batch): Buffer {
  const headerBytes = frameHeaderLength(batch.byteLength)
  const target = Buffer.allocUnsafe(headerBytes + batch.byteLength)
  writeFrameHeader(target, 0, Opcode.TEXT, true, false, batch.byteLength)
  batch.copyTo(target, headerBytes)
  return target
}

/** Bytes as a batch of their own. */
export function whole(bytes: Buffer): Batch {
  return {
    byteLength: bytes.length,
    copyTo: (target, offset) => void bytes.copy(target, offset),
  }
}
