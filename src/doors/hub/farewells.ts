import type { Clock, Timer } from '#kit'
import type { HubConnection } from './connection.ts'

/** How often it is looked whose turn it is. */
const TICK_MS = 20

/** How long connections may take to go away once they were all told to, before they are cut. */
const FAREWELL_MS = 2_500

/**
 * Sends connections away one after the other, evenly over `windowMs`, the first at once; who is still there when all
 * were told is cut.
 */
export function sayFarewells(
  connections: readonly HubConnection[],
  { windowMs, clock }: { readonly windowMs: number; readonly clock: Clock },
): Timer {
  const startMs = clock.now()
  let told = 0
  const tellDue = () => {
    const share = windowMs === 0 ? 1 : (clock.now() - startMs) / windowMs
    const due = Math.min(connections.length, Math.floor(share * connections.length) + 1)
    while (told < due) connections[told++]!.goAway('server is shutting down')
  }
  tellDue()
  const ticks = clock.every(TICK_MS, tellDue)
  const cut = clock.after(windowMs + FAREWELL_MS, () => {
    for (const connection of connections) connection.destroy()
  })
  return {
    cancel() {
      ticks.cancel()
      cut.cancel()
    },
  }
}
