import type { Batch } from '#core'
import { frameHeaderLength, MASKING_KEY_BYTES, maskFrame, Opcode, writeFrameHeader } from '#wire/websocket'
import { DeflateJob, type Deflater } from './deflater.ts'
import { maskingKey } from './masking-key.ts'
import { type Framer, LateFrames, UNCOMPRESSED_UP_TO_BYTES, type WebSocketFraming, whole } from './websocket-framing.ts'

/** The longest batch that is compressed where nobody said. */
const DEFAULT_MAX_COMPRESSED_BYTES = 64 * 1024

export interface ClientFramingOptions {
  readonly isMasked: boolean
  /** Default: nothing is compressed. */
  readonly deflater?: Deflater | undefined
  /** What a compressed message may have when inflated; asked anew for each. Default: 64 KiB. */
  maxCompressedBytes?(): number
}

/**
 * What a client sends: everything of one turn in one binary frame, compressed or as it is. Each connection needs one of
 * its own, so that none shares what was encoded: every frame has its own masking key.
 */
export class ClientFraming implements WebSocketFraming {
  readonly #isMasked: boolean
  readonly #deflater: Deflater | undefined
  readonly #maxCompressedBytes: () => number
  /** By what was answered instead of the frames. */
  readonly #late = new WeakMap<Buffer, LateFrames>()

  constructor({ isMasked, deflater, maxCompressedBytes }: ClientFramingOptions) {
    this.#isMasked = isMasked
    this.#deflater = deflater
    this.#maxCompressedBytes = maxCompressedBytes ?? (() => DEFAULT_MAX_COMPRESSED_BYTES)
  }

  /** A frame that is ready, or the payload of one that `late` knows. */
  encode(batch: Batch): Buffer {
    const deflated = this.#deflated(batch)
    if (deflated === undefined) return this.#framed(batch, false)
    if (!(deflated instanceof DeflateJob)) return this.#framed(whole(deflated), true)
    this.#late.set(deflated.payload, new LateFrames(deflated, this.#framed))
    return deflated.payload
  }

  late(bytes: Buffer): LateFrames | undefined {
    return this.#late.get(bytes)
  }

  control(opcode: Opcode, payload: Buffer): Buffer {
    return this.#frame(opcode, whole(payload), false)
  }

  /** Longer ones are not cut into several messages: they are rare, and the threads may have them for a while. */
  #deflated(batch: Batch): Buffer | DeflateJob | undefined {
    const { byteLength } = batch
    if (byteLength <= UNCOMPRESSED_UP_TO_BYTES || byteLength > this.#maxCompressedBytes()) return undefined
    return this.#deflater?.deflate(batch)
  }

  readonly #framed: Framer = (batch, isDeflated) => this.#frame(Opcode.BINARY, batch, isDeflated)

  #frame(opcode: Opcode, batch: Batch, isDeflated: boolean): Buffer {
    const { byteLength } = batch
    const payloadStart = frameHeaderLength(byteLength) + (this.#isMasked ? MASKING_KEY_BYTES : 0)
    const frame = Buffer.allocUnsafe(payloadStart + byteLength)
    writeFrameHeader(frame, 0, opcode, true, isDeflated, byteLength)
    batch.copyTo(frame, payloadStart)
    if (this.#isMasked) maskFrame(frame, payloadStart, maskingKey())
    return frame
  }
}
