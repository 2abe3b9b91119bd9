import type { RandomUint32 } from '../../../web/src/generator/random.ts'

/** Numbers that look like chance and are the same in every run: xorshift32 (Marsaglia, 2003), `seed` not 0. */
export function fixedRandom(seed = 2463534242): RandomUint32 {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** Hands out what it is given, and fails where more is asked for. */
export function scriptedRandom(...values: readonly number[]): RandomUint32 {
  const rest = values.values()
  return () => {
    const { value, done } = rest.next()
    if (done) throw new Error('More chance is asked for than was expected')
    return value
  }
}

/** How far counts are from being all the same, in standard deviations of the chi-squared distribution. */
export function unevenness(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  const degrees = counts.length - 1
  return (chiSquared - degrees) / Math.sqrt(2 * degrees)
}

/** How often each of `keys` comes up in `found`; what is none of them fails. */
export function tally(keys: Iterable<string>, found: Iterable<string>): number[] {
  const counts = new Map(Array.from(keys, (key) => [key, 0]))
  for (const key of found) {
    const count = counts.get(key)
    if (count === undefined) throw new Error(`"${key}" was not expected`)
    counts.set(key, count + 1)
  }
  return [...counts.values()]
}
