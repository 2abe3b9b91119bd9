import type { IncomingMessage } from 'node:http'

/**
 * The body of an answer, or as much of it as `maxBytes`: then its connection is closed. Rejects when it breaks off, or comes
 * in an encoding.
 */
export async function readUpTo(message: IncomingMessage, maxBytes: number): Promise<{ body: Buffer; isCut: boolean }> {
  if ((message.headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new Error('an encoding nobody asked for')
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of message as AsyncIterable<Buffer>) {
    pieces.push(piece)
    length += piece.length
    if (length > maxBytes) break
  }
  return { body: Buffer.concat(pieces).subarray(0, maxBytes), isCut: length > maxBytes }
}
