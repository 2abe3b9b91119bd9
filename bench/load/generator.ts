/** The load generator, a process of its own: takes one order from its parent, answers with figures, and ends. */
import { stayIdle } from './idle.ts'
import type { Order } from './order.ts'
import { makeTraffic } from './traffic.ts'

process.once('message', async (order: Order) => {
  const figures = order.kind === 'traffic' ? await makeTraffic(order) : await stayIdle(order)
  process.send?.(figures)
  process.disconnect()
})
