import { availableParallelism } from 'node:os'

/** Shortest span over which the CPU share is taken, so that two requests in a row do not measure each other. */
const SPAN_MS = 1_000

export interface ProcessUsage {
  readonly memoryBytes: number
  /** Per cent of one core, two decimals, over the time since it was last asked; over the whole life at first. */
  readonly cpuPercent: number
  readonly cores: number
}

/** What this process takes. Reads two counters; no timer runs. */
export class ProcessMeter {
  #sinceMs = performance.now() - process.uptime() * 1000
  #usedMicros = 0
  #percent = 0

  read(): ProcessUsage {
    const nowMs = performance.now()
    const spanMs = nowMs - this.#sinceMs
    if (spanMs >= SPAN_MS) {
      const { user, system } = process.cpuUsage()
      const used = user + system
      this.#percent = Math.round(((used - this.#usedMicros) / (spanMs * 1000)) * 10_000) / 100
      this.#usedMicros = used
      this.#sinceMs = nowMs
    }
    return { memoryBytes: process.memoryUsage.rss(), cpuPercent: this.#percent, cores: availableParallelism() }
  }
}
