import type { Tally } from '#kit'
import { ApiError } from '../errors.ts'
import { TokenRefusal } from '../token-refusal.ts'

/**
 * Does `work`, which is a login, and counts what became of it: `ok`, `failed` (wrong, or not allowed), `limited` (too many
 * tries), `second_factor` (right so far, and asked for more), `error` (the server's fault).
 */
export async function countLogin<T>(outcomes: Tally | undefined, work: () => Promise<T>): Promise<T> {
  try {
    const answer = await work()
    outcomes?.add('ok')
    return answer
  } catch (error) {
    outcomes?.add(outcomeOf(error))
    throw error
  }
}

function outcomeOf(error: unknown): string {
  if (error instanceof TokenRefusal) return 'second_factor'
  if (!(error instanceof ApiError)) return 'error'
  return error.code === 'TOO_MANY_REQUESTS' ? 'limited' : 'failed'
}
