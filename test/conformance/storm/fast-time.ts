/** Loaded before a program whose time is to pass faster: `FAST_TIME` is how much faster, and since when (ms, the epoch). */
const [factor, sinceMs] = process.env.FAST_TIME!.split(' ').map(Number) as [number, number]
const { setTimeout, setInterval } = globalThis
const now = Date.now.bind(Date)

Date.now = () => Math.floor(sinceMs + (now() - sinceMs) * factor)
globalThis.setTimeout = ((work: () => void, ms = 0, ...rest: []) =>
  setTimeout(work, ms / factor, ...rest)) as typeof setTimeout
globalThis.setInterval = ((work: () => void, ms = 0, ...rest: []) =>
  setInterval(work, ms / factor, ...rest)) as typeof setInterval
