/** Whether some subject matches both `a` and `b`, either of which may have wildcards. Both must be valid. */
export function subjectsCollide(a: string, b: string): boolean {
  const tokensOfA = a.split('.')
  const tokensOfB = b.split('.')
  const shorter = Math.min(tokensOfA.length, tokensOfB.length)
  for (let i = 0; i < shorter; i++) {
    const [x, y] = [tokensOfA[i], tokensOfB[i]]
    if (x === '>' || y === '>') return true
    if (x !== y && x !== '*' && y !== '*') return false
  }
  return tokensOfA.length === tokensOfB.length
}
