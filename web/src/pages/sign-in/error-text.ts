import { Refused } from '../../api/errors.ts'
import { t } from '../../i18n/index.ts'
import { KdfError } from '../../model/kdf-wire.ts'
import { errorText } from '../error-text.ts'

/** What servers say to those who are not logged in, by the words that all of them have for it. */
const REFUSALS = [
  [/username or password is incorrect/i, 'credentials'],
  [/user has been disabled/i, 'disabled'],
  [/verify your email/i, 'unverified'],
  [/registration not allowed|user already exists/i, 'notAllowed'],
  [/^(?:invalid )?email .*(?:invalid|form)|not a valid e-?mail/i, 'emailInvalid'],
] as const

/** What is said of an error on the pages where one signs in, in the language of the page. */
export function signInErrorText(error: unknown): string {
  if (error instanceof KdfError) return t().signIn.error.unsafe
  if (error instanceof Refused) {
    const known = REFUSALS.find(([pattern]) => pattern.test(error.message))
    if (known !== undefined) return t().signIn.error[known[1]]
  }
  return errorText(error)
}
