import type { WakeUps } from './wake-ups.ts'

const TICK_MS = 15_000
/** A tick that is so late did not come for a while: in pages that nobody sees, browsers let them pass once a minute. */
const SLEPT_MS = 90_000

/** What a browser knows of network, sleep and attention. */
export const pageWakeUps: WakeUps = (wake) => {
  const stop = new AbortController()
  const { signal } = stop
  const doubt = () => wake('doubt')
  const attention = () => {
    if (document.visibilityState === 'visible') wake('attention')
  }
  let lastTickMs = Date.now()
  const tick = () => {
    const elapsedMs = Date.now() - lastTickMs
    lastTickMs = Date.now()
    if (elapsedMs > SLEPT_MS) doubt()
  }
  const timer = setInterval(tick, TICK_MS)
  // Timers may take a while after sleep, events do not.
  for (const type of ['focus', 'pageshow']) {
    addEventListener(type, tick, { signal })
    addEventListener(type, attention, { signal })
  }
  document.addEventListener('visibilitychange', tick, { signal })
  document.addEventListener('visibilitychange', attention, { signal })
  // Where the server is on the same machine, it is there all the same.
  addEventListener('online', doubt, { signal })
  addEventListener('offline', doubt, { signal })
  return () => {
    clearInterval(timer)
    stop.abort()
  }
}
