/** Time as the rooms see it, so that a test can hand in its own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Runs `work` once after `delayMs`, unless the returned timer is cancelled. The timer never keeps the process alive. */
  after(delayMs: number, work: () => void): Timer
  /** Runs `work` every `intervalMs` until the returned timer is cancelled. The timer never keeps the process alive. */
  every(intervalMs: number, work: () => void): Timer
}

export interface Timer {
  cancel(): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs).unref()
    return { cancel: () => clearTimeout(timer) }
  },
  every(intervalMs, work) {
    const timer = setInterval(work, intervalMs).unref()
    return { cancel: () => clearInterval(timer) }
  },
}
