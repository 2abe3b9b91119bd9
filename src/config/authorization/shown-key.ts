/** A key for a message; a seed, which somebody took for the public key, is not repeated. */
export function shownKey(key: string): string {
  return /^S[A-Z2-7]{57}$/.test(key.trim()) ? 'a seed' : JSON.stringify(key)
}
