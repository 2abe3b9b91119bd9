/**
 * How long the reader takes for one masked frame, beside a reader that copies and unmasks byte by byte.
 * Run: `node bench/websocket-decode.ts`
 */
import { encodeMaskedFrame, FrameReader, Opcode } from '#wire/websocket'
import { compare } from './measure.ts'

const BYTES_PER_ROUND = 8 * 1024 * 1024
const CHUNK_BYTES = 64 * 1024

let sum = 0
const count = (data: Buffer) => {
  sum += data.length
}

/** The straightforward way: everything in one buffer until a frame is whole, then a loop over its bytes. */
class CopyingReader {
  #rest = Buffer.alloc(0)

  feed(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      if (bytes.length < 2) break
      let length = bytes[1]! & 0x7f
      let at = 2
      if (length === 126) {
        if (bytes.length < 4) break
        length = bytes.readUInt16BE(2)
        at = 4
      } else if (length === 127) {
        if (bytes.length < 10) break
        length = Number(bytes.readBigUInt64BE(2))
        at = 10
      }
      if (bytes.length < at + 4 + length) break
      const mask = bytes.subarray(at, at + 4)
      const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + length))
      for (let i = 0; i < length; i++) payload[i]! ^= mask[i % 4]!
      count(payload)
      bytes = bytes.subarray(at + 4 + length)
    }
    this.#rest = Buffer.from(bytes)
  }
}

/** Frames of `payloadBytes` until a chunk is full. Reading changes a chunk, but never its headers. */
function frames(payloadBytes: number): { chunk: Buffer; frameCount: number } {
  const frame = encodeMaskedFrame(Opcode.BINARY, Buffer.alloc(payloadBytes, 'x'), Buffer.from([1, 2, 3, 4]))
  const frameCount = Math.max(1, Math.floor(CHUNK_BYTES / frame.length))
  return { chunk: Buffer.concat(Array.from({ length: frameCount }, () => frame)), frameCount }
}

function reader(validateText: boolean): FrameReader {
  return new FrameReader(
    { maskRequired: true, validateText },
    { onData: count, onPing() {}, onPong() {}, onClose() {} },
  )
}

console.log(`Node ${process.version}: one masked frame, several to a chunk of 64 KB`)
for (const payloadBytes of [16, 64, 160, 1024, 16 * 1024, 256 * 1024]) {
  const { chunk, frameCount } = frames(payloadBytes)
  const repeats = Math.ceil(BYTES_PER_ROUND / chunk.length)
  const feedAll = (target: { feed(chunk: Buffer): void }) => () => {
    for (let i = 0; i < repeats; i++) target.feed(chunk)
  }
  compare(`${payloadBytes} bytes`, repeats * frameCount, [
    { name: 'FrameReader', run: feedAll(reader(false)) },
    { name: 'copying, byte by byte', run: feedAll(new CopyingReader()) },
  ])
}
if (sum === 0) throw new Error('nothing was read')
