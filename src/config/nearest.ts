/**
 * The candidate that was probably meant: the one with the fewest typing errors, if they are at most a third of the
 * word. For the hint behind an unknown name.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // Nothing we know is longer than this, and the table below grows with the square.
  if (word.length > 64) return undefined
  let best: string | undefined
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const errors = typingErrors(word, candidate)
    if (errors >= fewest) continue
    best = candidate
    fewest = errors
  }
  return best
}

/** Characters to add, drop, replace or swap with their neighbour (optimal string alignment distance). */
function typingErrors(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const isEqual = a[row - 1] === b[column - 1]
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (isEqual ? 0 : 1),
        isSwapped ? beforePrevious[column - 2]! + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}
