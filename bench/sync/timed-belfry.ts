/** `servers/belfry.ts`, which says what its event loop and its processor had to do since it was last asked. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface Effort {
  /** User and system time of all threads. */
  readonly cpuMs: number
  /** For how long at most nobody else had a turn. */
  readonly longestHoldMs: number
}

const RESOLUTION_MS = 1
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delays.enable()
let cpu = process.cpuUsage()

process.on('message', () => {
  const { user, system } = process.cpuUsage(cpu)
  const effort: Effort = { cpuMs: (user + system) / 1000, longestHoldMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS) }
  process.send!(effort)
  delays.reset()
  cpu = process.cpuUsage()
})

await import('../servers/belfry.ts')
