import { type EventEmitter, once as nodeOnce } from 'node:events'

/** How long a test waits for what should come at once. Generous: it passes only when something is broken. */
export const DEADLINE_MS = 10_000

const CHECK_EVERY_MS = 5

type Falsy = false | 0 | '' | null | undefined

/** Rejects when `promise` has not settled within `deadlineMs`; `what` completes "Waited … for". */
export async function within<T>(promise: Promise<T>, what: string, deadlineMs = DEADLINE_MS): Promise<T> {
  const late = Promise.withResolvers<never>()
  const error = new Error(`Waited ${deadlineMs} ms for ${what}`)
  const timer = setTimeout(() => late.reject(error), deadlineMs)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** The arguments of the emitter's next `event`; rejects on `error` and after `deadlineMs`. */
export async function once(emitter: EventEmitter, event: string, deadlineMs = DEADLINE_MS): Promise<unknown[]> {
  const stop = new AbortController()
  try {
    return await within(nodeOnce(emitter, event, { signal: stop.signal }), `"${event}"`, deadlineMs)
  } finally {
    stop.abort()
  }
}

/**
 * The first truthy answer of `check`, for what announces itself by no event. A check that throws is asked again; its
 * last error is the cause when the deadline passes.
 */
export async function until<T>(
  check: () => T | Falsy | Promise<T | Falsy>,
  what: string,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const endMs = performance.now() + deadlineMs
  for (;;) {
    let cause: unknown
    try {
      const answer = await check()
      if (answer) return answer
    } catch (error) {
      cause = error
    }
    if (performance.now() >= endMs) throw new Error(`Waited ${deadlineMs} ms for ${what}`, { cause })
    await new Promise((resolve) => setTimeout(resolve, CHECK_EVERY_MS))
  }
}
