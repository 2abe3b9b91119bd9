import type { Revocations } from './claims.ts'

/** Whether a JWT for `key` that was issued then, in seconds since the epoch, is void. */
export function isRevoked(revocations: Revocations, key: string, issuedAt: number): boolean {
  return [key, '*'].some((name) => (revocations.get(name) ?? Number.NEGATIVE_INFINITY) >= issuedAt)
}
