import type { FastifyReply } from 'fastify'
import type { StoredFile } from '#store'

/** Answers with a file, or for HEAD with what it would be. Breaks off when the file turns out shorter than it was said to be. */
export function sendFile(reply: FastifyReply, { size, stream }: StoredFile): FastifyReply {
  reply.headers({
    'Content-Type': 'application/octet-stream',
    'Content-Length': size,
    // No browser is to show as a page of this server what somebody has uploaded.
    'Content-Disposition': 'attachment',
  })
  if (reply.request.method === 'HEAD') {
    stream.destroy()
    return reply.send()
  }
  // Somebody has cut it off behind our back. Its reader would wait for the rest.
  stream.once('end', () => stream.bytesRead < size && reply.raw.destroy())
  return reply.send(stream)
}
