import type { Clock } from '#kit'
import { DialError } from './dial-error.ts'

export interface Deadline {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Does `work` with a signal that is aborted when the time is over or the caller gives up; `work` ends then, however it
 * likes. Rejects with what `late` answers when the time was over, and with a `DialError` of code `ABORTED` when the
 * caller gave up.
 */
export async function withDeadline<T>(
  { clock, timeoutMs, signal }: Deadline,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const inner = new AbortController()
  const onGivenUp = () => inner.abort(new DialError('ABORTED', 'given up', { cause: signal?.reason }))
  const timer = clock.after(timeoutMs, () => inner.abort(late()))
  signal?.addEventListener('abort', onGivenUp, { once: true })
  if (signal?.aborted) onGivenUp()
  try {
    inner.signal.throwIfAborted()
    return await work(inner.signal)
  } catch (error) {
    throw inner.signal.aborted ? inner.signal.reason : error
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', onGivenUp)
  }
}

/** `promise`, for whoever waits no longer than until the signal is aborted: rejects with its reason then. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
