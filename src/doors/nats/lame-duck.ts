import type { Clock, Timer } from '#kit'

export interface LameDuckOptions {
  /** From the announcement to the end of the last connection, about. */
  readonly durationMs: number
  /** From the announcement to the end of the first. Less than `durationMs`. */
  readonly graceMs: number
}

export interface GradualEnd extends LameDuckOptions {
  readonly clock: Clock
  readonly random: (below: number) => number
  /** Asked when the grace is over. */
  readonly connections: () => readonly { close(): void }[]
}

/** Between two connections there is no need to wait longer. */
const MAX_STEP_MS = 1_000

/**
 * Ends connections one after the other, so that their clients do not all come to another server at once: after
 * `graceMs`, spread over the rest of `durationMs`, but at most a second apart. (`spec/nats.md` §1.3)
 */
export function endGradually({ durationMs, graceMs, clock, random, connections }: GradualEnd): Timer {
  let left: { close(): void }[] = []
  let stepMs = 0
  const step = () => {
    // Timers are not faster than a millisecond.
    const atOnce = Math.max(1, Math.ceil(1 / stepMs))
    for (const connection of left.splice(0, atOnce)) connection.close()
    if (left.length === 0) return
    const most = Math.max(1, Math.floor(stepMs))
    timer = clock.after(Math.max(Math.ceil(most / 2), random(most)), step)
  }
  let timer = clock.after(graceMs, () => {
    left = [...connections()]
    stepMs = Math.min(MAX_STEP_MS, Math.max(1, durationMs - graceMs) / Math.max(1, left.length))
    step()
  })
  return { cancel: () => timer.cancel() }
}
