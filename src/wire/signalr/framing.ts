import { SignalrError } from './errors.ts'

/** A length takes 1 to 5 bytes of 7 bits each; the fifth has room for 3 bits, which makes 2^31 - 1 the longest body. */
const MAX_PREFIX_BYTES = 5
const MAX_LAST_PREFIX_BYTE = 0x07

/** The length of a body as it stands before it: 7 bits in each byte, least significant first. spec: hub §1.4 */
export function lengthPrefix(bodyBytes: number): Buffer {
  const prefix: number[] = []
  let rest = bodyBytes
  while (rest > 0x7f) {
    prefix.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  prefix.push(rest)
  return Buffer.from(prefix)
}

export function frame(body: Uint8Array): Buffer {
  return Buffer.concat([lengthPrefix(body.length), body])
}

/**
 * The bodies in one WebSocket message, as views of it. Each message holds whole frames only, so a length that leads
 * beyond the end is an error and nothing is ever gathered. Throws a `SignalrError` when it gets to a broken frame;
 * those before it were yielded.
 */
export function* readFrames(data: Buffer): Generator<Buffer, void, undefined> {
  let at = 0
  while (at < data.length) {
    let length = 0
    let prefixBytes = 0
    let byte: number
    do {
      if (at === data.length) throw new SignalrError('FRAMING', 'Cannot read message size')
      byte = data[at++]!
      // Multiplied, not shifted: the fifth group would reach the sign bit.
      length += (byte & 0x7f) * 2 ** (7 * prefixBytes++)
    } while (byte >= 0x80 && prefixBytes < MAX_PREFIX_BYTES)
    if (prefixBytes === MAX_PREFIX_BYTES && byte > MAX_LAST_PREFIX_BYTE) {
      throw new SignalrError('FRAMING', 'Message is bigger than 2 GiB')
    }
    if (length > data.length - at) {
      throw new SignalrError('FRAMING', `Incomplete message: ${length} bytes announced, ${data.length - at} there`)
    }
    yield data.subarray(at, at + length)
    at += length
  }
}
