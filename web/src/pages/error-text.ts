import { Refused, TooManyRequests, Unauthorized, Unreachable } from '../api/errors.ts'
import { t } from '../i18n/index.ts'
import { WrongPasswordError } from '../model/account-keys.ts'
import { DamagedError } from '../model/reader.ts'
import { Conflict, Gone, Locked } from '../vault/errors.ts'

/**
 * What is said of an error that an action has thrown. What the server declines, it says in its own words; whatever is
 * nobody's business in particular is a bug, and goes to the console as well.
 */
export function errorText(error: unknown): string {
  const words = t().common.error
  if (error instanceof Unreachable) return words.unreachable
  if (error instanceof Unauthorized) return words.unauthorized
  if (error instanceof TooManyRequests) return words.tooManyRequests(Math.max(1, Math.ceil(error.retryAfterMs / 1000)))
  if (error instanceof Refused) return error.message
  if (error instanceof WrongPasswordError) return words.wrongPassword
  if (error instanceof Conflict) return words.conflict
  if (error instanceof Gone) return words.gone
  if (error instanceof Locked) return words.locked
  if (error instanceof DamagedError) return words.damaged
  console.error(error)
  return words.unexpected
}
