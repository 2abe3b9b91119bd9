import type { IncomingMessage } from 'node:http'

const deadlines = new WeakMap<IncomingMessage, NodeJS.Timeout>()

/** Does `onLate` unless the body of `request` is there `timeoutMs` from now; 0 means no limit. */
export function startBodyDeadline(request: IncomingMessage, timeoutMs: number, onLate: () => void): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (timeoutMs === 0 || (encoding === undefined && (length === undefined || length === '0'))) return
  const timer = setTimeout(() => {
    // Whether anybody has read it is another matter.
    if (!request.complete) onLate()
  }, timeoutMs)
  // A connection that breaks off just as its head is read may close without a word of it: then nothing waits for this.
  timer.unref()
  deadlines.set(request, timer)
  // Read to its end, or broken off.
  request.once('close', () => clearTimeout(timer))
}

/** For who reads a body that may rightly take longer, and keeps time by itself. */
export function withoutBodyDeadline(request: IncomingMessage): void {
  clearTimeout(deadlines.get(request))
}

/**
 * Drops what is left of a body that nobody wants: many clients read no answer before they have sent it all. Whoever takes
 * longer than `timeoutMs` is cut off. `released` resolves when the one who has read so far reads no more.
 */
export function discardBody(request: IncomingMessage, timeoutMs: number, released: Promise<unknown>): void {
  if (request.readableEnded) return
  const timer = setTimeout(() => request.destroy(), timeoutMs).unref()
  request.once('close', () => clearTimeout(timer))
  // Before that nothing would flow.
  released.finally(() => request.resume()).catch(() => {})
}
