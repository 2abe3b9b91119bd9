import assert from 'node:assert/strict'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { encodeMaskedFrame, Opcode } from '#wire/websocket'

/** The masking key of every frame: any four bytes do. */
const MASK = Buffer.from([0x12, 0x34, 0x56, 0x78])
const RSV1 = 0x40

/** One unmasked frame as it lies on the wire. */
export interface Frame {
  readonly opcode: number
  readonly isFinal: boolean
  readonly isCompressed: boolean
  readonly payload: Buffer
}

/** The frames that `bytes` begin with, and what is left of them behind the last whole one. Written anew, not ours. */
export function parseFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = []
  let at = 0
  for (;;) {
    const short = (bytes[at + 1] ?? 0) & 0x7f
    const headerBytes = short === 126 ? 4 : short === 127 ? 10 : 2
    if (bytes.length < at + headerBytes) break
    assert.ok(bytes[at + 1]! < 0x80, 'servers do not mask')
    const length =
      short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short
    const end = at + headerBytes + length
    if (bytes.length < end) break
    const first = bytes[at]!
    frames.push({
      opcode: first & 0x0f,
      isFinal: first >= 0x80,
      isCompressed: (first & RSV1) !== 0,
      payload: bytes.subarray(at + headerBytes, end),
    })
    at = end
  }
  return { frames, rest: bytes.subarray(at) }
}

/** What the data frames say, put together and inflated; control frames do not count. */
export function contentOf(frames: readonly Frame[]): Buffer {
  const parts: Buffer[] = []
  let message: Buffer[] = []
  let isCompressed = false
  for (const frame of frames) {
    if (frame.opcode >= Opcode.CLOSE) continue
    if (frame.opcode === Opcode.CONTINUATION) assert.equal(frame.isCompressed, false, 'only the first frame says so')
    else isCompressed = frame.isCompressed
    message.push(frame.payload)
    if (!frame.isFinal) continue
    const payload = Buffer.concat(message)
    parts.push(isCompressed ? inflate(payload) : payload)
    message = []
  }
  assert.deepEqual(message, [], 'the last message is complete')
  return Buffer.concat(parts)
}

/** As a client deflates a message. */
export function deflate(data: Buffer | string): Buffer {
  return deflateRawSync(Buffer.from(data as string), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

function inflate(data: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([data, Buffer.from([0, 0, 0xff, 0xff])]), { finishFlush: constants.Z_SYNC_FLUSH })
}

/** A client's compressed message, in frames of at most `fragmentBytes`. */
export function compressedMessage(data: Buffer | string, fragmentBytes = Number.MAX_SAFE_INTEGER): Buffer {
  return inFragments(deflate(data), fragmentBytes)
}

/** A client's frames that call `deflated` a compressed message, whether or not it is one. */
export function inFragments(deflated: Buffer, fragmentBytes = Number.MAX_SAFE_INTEGER): Buffer {
  const frames: Buffer[] = []
  for (let at = 0; at === 0 || at < deflated.length; at += fragmentBytes) {
    const isFinal = at + fragmentBytes >= deflated.length
    const part = deflated.subarray(at, at + fragmentBytes)
    const frame = encodeMaskedFrame(at === 0 ? Opcode.BINARY : Opcode.CONTINUATION, part, MASK, isFinal)
    if (at === 0) frame[0]! |= RSV1
    frames.push(frame)
  }
  return Buffer.concat(frames)
}
