import type { Send } from '../../model/send.ts'

export type Mark = 'damaged' | 'disabled' | 'expired' | 'usedUp' | 'password'

/** What one should see of a Send at once: why nobody can open it, or that a password is needed. */
export function marksOf(send: Send, now: Date): Mark[] {
  const { expirationDate, maxAccessCount, accessCount } = send
  return [
    ...(send.damaged.length > 0 ? (['damaged'] as const) : []),
    ...(send.isDisabled ? (['disabled'] as const) : []),
    ...(expirationDate !== null && new Date(expirationDate) <= now ? (['expired'] as const) : []),
    ...(maxAccessCount !== null && accessCount >= maxAccessCount ? (['usedUp'] as const) : []),
    ...(send.hasPassword ? (['password'] as const) : []),
  ]
}
