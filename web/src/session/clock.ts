/** Time, as far as a session needs it. Tests let it pass by themselves. */
export interface Clock {
  /** Milliseconds since the Unix epoch, sleep of the machine included. */
  now(): number
  every(intervalMs: number, work: () => void): { cancel(): void }
  after(delayMs: number, work: () => void): { cancel(): void }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  every(intervalMs, work) {
    const timer = setInterval(work, intervalMs)
    return { cancel: () => clearInterval(timer) }
  },
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}
