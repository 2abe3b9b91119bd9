/** Longest time between two attempts. Milliseconds. */
const LONGEST_MS = 30_000
const FIRST_MS = 500

/**
 * How long to wait after so many failures: at most half a second after the first, since a server that restarts is away for
 * no longer, then twice as long each time. Half of it is chance, so that not all come at once. Milliseconds.
 */
export function patienceMs(failures: number, random: () => number = Math.random): number {
  const most = Math.min(FIRST_MS * 2 ** Math.max(0, failures - 1), LONGEST_MS)
  return most / 2 + (random() * most) / 2
}
