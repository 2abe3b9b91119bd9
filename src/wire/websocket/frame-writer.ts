import { MAX_CONTROL_PAYLOAD_BYTES, Opcode } from './opcode.ts'
import { unmask } from './unmask.ts'

const MAX_CLOSE_REASON_BYTES = MAX_CONTROL_PAYLOAD_BYTES - 2
const MASK_BIT = 0x80

/** Between the header of a client's frame and its payload. */
export const MASKING_KEY_BYTES = 4

/** Length of an unmasked header for a payload of `length` bytes: 2, 4 or 10. */
export function frameHeaderLength(length: number): number {
  if (length <= 125) return 2
  return length <= 0xffff ? 4 : 10
}

/**
 * Hot: once per frame written. Writes the header of an unmasked frame into `target` at `offset` and returns the offset
 * behind it. `opcode` is `Opcode.CONTINUATION` for every frame of a message but the first.
 */
export function writeFrameHeader(
  target: Buffer,
  offset: number,
  opcode: Opcode,
  fin: boolean,
  rsv1: boolean,
  length: number,
): number {
  target[offset] = (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode
  if (length <= 125) {
    target[offset + 1] = length
    return offset + 2
  }
  if (length <= 0xffff) {
    target[offset + 1] = 126
    return target.writeUInt16BE(length, offset + 2)
  }
  target[offset + 1] = 127
  target.writeUInt32BE(Math.floor(length / 0x1_0000_0000), offset + 2)
  return target.writeUInt32BE(length >>> 0, offset + 6)
}

/** A whole message or control frame in one unmasked frame. Control payloads are at most 125 bytes. */
export function encodeFrame(opcode: Opcode, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderLength(payload.length) + payload.length)
  payload.copy(frame, writeFrameHeader(frame, 0, opcode, true, false, payload.length))
  return frame
}

/** What a client sends: `mask` is the four random bytes of the masking key. */
export function encodeMaskedFrame(opcode: Opcode, payload: Buffer, mask: Buffer, fin = true): Buffer {
  const payloadStart = frameHeaderLength(payload.length) + MASKING_KEY_BYTES
  const frame = Buffer.allocUnsafe(payloadStart + payload.length)
  writeFrameHeader(frame, 0, opcode, fin, false, payload.length)
  payload.copy(frame, payloadStart)
  maskFrame(frame, payloadStart, mask.readInt32LE(0))
  return frame
}

/**
 * Makes a client's frame of a server's, in place: the mask bit, the key in the four bytes before the payload, and the
 * payload masked with it. `key` holds the four bytes of the masking key with the first one lowest.
 */
export function maskFrame(frame: Buffer, payloadStart: number, key: number): void {
  frame[1]! |= MASK_BIT
  frame.writeInt32LE(key, payloadStart - MASKING_KEY_BYTES)
  unmask(frame, payloadStart, frame.length, key)
}

/** An unmasked close frame. Without a code it is empty, as an answer to an empty one has to be. */
export function encodeClose(code?: number, reason = ''): Buffer {
  return encodeFrame(Opcode.CLOSE, closePayload(code, reason))
}

/** A close frame's payload. A reason of more than 123 bytes of UTF-8 is cut after a whole character, with `...`. */
export function closePayload(code?: number, reason = ''): Buffer {
  if (code === undefined) return Buffer.alloc(0)
  const text = cutReason(Buffer.from(reason, 'utf8'))
  const payload = Buffer.allocUnsafe(2 + text.length)
  payload.writeUInt16BE(code, 0)
  text.copy(payload, 2)
  return payload
}

function cutReason(text: Buffer): Buffer {
  if (text.length <= MAX_CLOSE_REASON_BYTES) return text
  let end = MAX_CLOSE_REASON_BYTES - 3
  while ((text[end]! & 0xc0) === 0x80) end--
  return Buffer.concat([text.subarray(0, end), Buffer.from('...')])
}
