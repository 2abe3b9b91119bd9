import { availableParallelism, loadavg } from 'node:os'

/** What figures depend on besides the code. A load average above a few tenths means that something else was running. */
export function machine(): string {
  const [load = 0] = loadavg()
  return `Node ${process.version}, ${availableParallelism()} CPUs, load average before the start ${load.toFixed(1)}`
}
