/**
 * Tells of other subjects whether some literal subject matches both them and `subject`; all may have wildcards. Tokens
 * are compared as they are, valid or not. `subject` is taken apart once: a request may bring 8,000 tokens, and asks
 * about every subscription there is.
 */
export function collidingWith(subject: string): (other: string) => boolean {
  const tokens = subject.split('.')
  return (other) => collide(tokens, other.split('.'))
}

function collide(a: readonly string[], b: readonly string[]): boolean {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const [x, y] = [a[i], b[i]]
    if (x === '>' || y === '>') return true
    if (x !== y && x !== '*' && y !== '*') return false
  }
  return a.length === b.length
}
