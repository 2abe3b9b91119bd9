import type { IncomingMessage } from 'node:http'

/**
 * The body of a request; `undefined` when it has more than `maxBytes`. Then no more of it is read or kept, and the
 * request can still be answered. Rejects when the client goes away in the middle of it.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length']) > maxBytes) return undefined
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
