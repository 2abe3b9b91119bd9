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
 * The bodies of the frames in `data`, as views of it. Returns how many bytes at its end begin a frame that is not
 * complete. Throws a `SignalrError` when it gets to a length of more than `maxBodyBytes`, whether the body is there or
 * not, so that nothing is gathered in vain; the bodies before it were yielded.
 */
export function* readFrames(data: Buffer, maxBodyBytes: number): Generator<Buffer, number, undefined> {
  let at = 0
  while (at < data.length) {
    const start = at
    let length = 0
    let prefixBytes = 0
    let byte: number
    do {
      if (at === data.length) return at - start
      byte = data[at++]!
      // Multiplied, not shifted: the fifth group would reach the sign bit.
      length += (byte & 0x7f) * 2 ** (7 * prefixBytes++)
    } while (byte >= 0x80 && prefixBytes < MAX_PREFIX_BYTES)
    if (prefixBytes === MAX_PREFIX_BYTES && byte > MAX_LAST_PREFIX_BYTE) {
      throw new SignalrError('FRAMING', 'Message is bigger than 2 GiB')
    }
    if (length > maxBodyBytes) {
      throw new SignalrError('FRAMING', `Message of ${length} bytes; at most ${maxBodyBytes} are taken`)
    }
    if (length > data.length - at) return data.length - start
    yield data.subarray(at, at + length)
    at += length
  }
  return 0
}
