/** Questions about subjects that may have wildcards on both sides. All subjects must be valid. */

/** Whether everything that `pattern` matches is matched by `other` too. */
export function isSubset(pattern: string, other: string): boolean {
  const tokens = pattern.split('.')
  const allowed = other.split('.')
  for (const [i, want] of allowed.entries()) {
    const have = tokens[i]
    if (have === undefined) return false
    if (want === '>') return true
    if (have === '>' || (want !== '*' && have !== want)) return false
  }
  return tokens.length === allowed.length
}

/** Whether some subject is matched by both. */
export function doOverlap(a: string, b: string): boolean {
  return overlapsWith(a)(b)
}

/**
 * Tells of other subjects whether they and `subject` overlap. It is taken apart once: a request may bring 8,000 tokens,
 * and asks about every subscription there is. Where one is not valid, its tokens are compared as they are.
 */
export function overlapsWith(subject: string): (other: string) => boolean {
  const ours = subject.split('.')
  return (other) => {
    const theirs = other.split('.')
    for (let i = 0; i < ours.length && i < theirs.length; i++) {
      const [a, b] = [ours[i], theirs[i]]
      if (a === '>' || b === '>') return true
      if (a !== '*' && b !== '*' && a !== b) return false
    }
    return ours.length === theirs.length
  }
}

/** The pattern of what both match; `undefined`: nothing. */
export function intersectionOf(a: string, b: string): string | undefined {
  const aTokens = a.split('.')
  const bTokens = b.split('.')
  const common: string[] = []
  for (let i = 0; ; i++) {
    const [aToken, bToken] = [aTokens[i], bTokens[i]]
    if (aToken === undefined && bToken === undefined) return common.join('.')
    if (aToken === undefined || bToken === undefined) return undefined
    // What stands in the place of `>` and behind it is the narrower of the two.
    if (aToken === '>') return [...common, ...bTokens.slice(i)].join('.')
    if (bToken === '>') return [...common, ...aTokens.slice(i)].join('.')
    if (aToken !== bToken && aToken !== '*' && bToken !== '*') return undefined
    common.push(aToken === '*' ? bToken : aToken)
  }
}
