import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '#kit'

/** Text is handed to the socket in pieces of about this many characters, each in a turn of the event loop of its own. */
const PIECE_LENGTH = 64 * 1024
/** How long a reader may take for a piece before its answer is cut off. */
const STALL_MS = 10_000
/** How long all of a long answer may take, however steadily it is read: others wait for its place. */
const LONGEST_ANSWER_MS = 60_000

export interface Answer {
  readonly status: number
  readonly type: string
  /** Written as it comes; what throws before the first piece is complete becomes an answer of its own. */
  readonly body: Iterable<string>
}

/**
 * Sends an answer without holding the event loop for longer than one piece takes. A short one goes out as a whole, with
 * its length; a longer one in chunks, no faster than it is read. `admit` is asked before the latter, and says whether
 * there is room for one more.
 */
export async function respond(
  response: ServerResponse,
  { status, type, body }: Answer,
  { clock, admit }: { readonly clock: Clock; readonly admit: () => Disposable | undefined },
): Promise<void> {
  const pieces = piecesOf(body)
  const first = pieces.next()
  const second = pieces.next()
  if (second.done) {
    sendText(response, { status, type, text: first.done ? '' : first.value })
    return
  }

  using admission = admit()
  if (admission === undefined) {
    refuseForNow(response, 'Too many long answers at once')
    return
  }
  response.writeHead(status, { 'Content-Type': type })
  if (response.req.method === 'HEAD') {
    response.end()
    return
  }
  const endMs = clock.now() + LONGEST_ANSWER_MS
  response.write(first.value)
  for (let piece: IteratorResult<string, void> = second; !piece.done; piece = pieces.next()) {
    if (!response.write(piece.value)) await drained(response, clock, Math.min(STALL_MS, endMs - clock.now()))
    await nextTurn()
    if (clock.now() >= endMs) response.destroy()
    if (response.destroyed) return
  }
  response.end()
}

/** There is no room at the moment. */
export function refuseForNow(response: ServerResponse, text: string): void {
  response.setHeader('Retry-After', '1')
  sendText(response, { status: 503, type: 'text/plain; charset=utf-8', text })
}

export function sendText(
  response: ServerResponse,
  { status, type, text }: { readonly status: number; readonly type: string; readonly text: string },
): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

function* piecesOf(body: Iterable<string>): Generator<string, void, undefined> {
  let piece = ''
  for (const text of body) {
    piece += text
    if (piece.length < PIECE_LENGTH) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

/** Resolves when the response can take more, or never will: it is destroyed when its reader stalls. */
async function drained(response: ServerResponse, clock: Clock, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stalled = clock.after(timeoutMs, () => response.destroy())
  response.once('drain', resolve).once('close', resolve)
  if (response.destroyed) resolve()
  await promise
  stalled.cancel()
  response.off('drain', resolve).off('close', resolve)
}
