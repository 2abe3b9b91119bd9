/**
 * Preloaded into the official CLI. What it has read of its own state it keeps for a second after the last reader, by timers
 * of RxJS that keep the process alive: each command stays for two seconds after it has said everything. Those alone are
 * taken as what nobody waits for.
 */
const KEPT_FOR_MS = 1000

const begin = globalThis.setInterval

function beginOrLeave(callback: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]) {
  const timer = begin(callback, delayMs, ...args)
  return delayMs === KEPT_FOR_MS ? timer.unref() : timer
}

globalThis.setInterval = Object.assign(beginOrLeave, begin)
