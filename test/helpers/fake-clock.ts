import type { Clock, Timer } from '#kit'

interface Entry {
  dueMs: number
  /** 0 for work that runs once. */
  readonly intervalMs: number
  readonly work: () => void
}

/** Time that passes only in `advance`. */
export class FakeClock implements Clock {
  #nowMs: number
  readonly #entries = new Set<Entry>()

  /** Starts at `startMs` since the epoch; default 2026-01-02T03:04:05.678Z. */
  constructor(startMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, work: () => void): Timer {
    return this.#add({ dueMs: this.#nowMs + delayMs, intervalMs: 0, work })
  }

  every(intervalMs: number, work: () => void): Timer {
    return this.#add({ dueMs: this.#nowMs + intervalMs, intervalMs: Math.max(1, intervalMs), work })
  }

  /** Work that still waits for its time: what a closed thing should have cancelled. */
  get pending(): number {
    return this.#entries.size
  }

  /** Lets `ms` pass and runs, in order, what falls due meanwhile, what that schedules included. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (let entry = this.#nextUntil(endMs); entry; entry = this.#nextUntil(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, entry.dueMs)
      if (entry.intervalMs === 0) this.#entries.delete(entry)
      else entry.dueMs += entry.intervalMs
      entry.work()
    }
    this.#nowMs = endMs
  }

  #nextUntil(endMs: number): Entry | undefined {
    let next: Entry | undefined
    for (const entry of this.#entries) {
      if (entry.dueMs <= endMs && (!next || entry.dueMs < next.dueMs)) next = entry
    }
    return next
  }

  #add(entry: Entry): Timer {
    this.#entries.add(entry)
    return { cancel: () => void this.#entries.delete(entry) }
  }
}
