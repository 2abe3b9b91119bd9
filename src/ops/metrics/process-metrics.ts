import { collectDefaultMetrics, Registry } from 'prom-client'

let registry: Registry | undefined

/**
 * Memory, processor, event loop and garbage collector, by the names that Node's exporters have in common. There is one
 * process, however many servers run in it, and what watches it cannot be stopped: so there is one of these, made when it is
 * wanted first.
 */
export function processMetrics(): Registry {
  if (registry === undefined) {
    registry = new Registry()
    collectDefaultMetrics({ register: registry })
  }
  return registry
}
