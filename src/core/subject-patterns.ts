/** Questions about subjects that may have wildcards on both sides. All subjects must be valid. */

/** Whether everything that `pattern` matches is matched by `other` too. */
export function isSubset(pattern: string, other: string): boolean {
  return intersectionOf(pattern, other) === pattern
}

/** Whether some subject is matched by both. */
export function doOverlap(a: string, b: string): boolean {
  return intersectionOf(a, b) !== undefined
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
