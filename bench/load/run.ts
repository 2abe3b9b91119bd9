import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { IdleFigures, IdleOrder, TrafficFigures, TrafficOrder } from './order.ts'

/** Longer than any order takes. */
const DEADLINE_MS = 60_000

/** Lets a new load generator carry out an order. */
export function runLoad(order: TrafficOrder): Promise<TrafficFigures>
export function runLoad(order: IdleOrder): Promise<IdleFigures>
export async function runLoad(order: TrafficOrder | IdleOrder): Promise<TrafficFigures | IdleFigures> {
  const child = fork(new URL('generator.ts', import.meta.url), { timeout: DEADLINE_MS })
  const exited = once(child, 'exit')
  child.send(order)
  const [figures] = await Promise.race([
    once(child, 'message'),
    exited.then(([code, signal]) => Promise.reject(new Error(`The load generator ended (${signal ?? code})`))),
  ])
  await exited
  return figures
}
