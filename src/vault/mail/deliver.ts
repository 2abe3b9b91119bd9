import type { VaultContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import type { LetterName, Letters } from './letters.ts'

/**
 * Sends a letter that somebody waits for. Throws an ApiError when the mail server has not taken it; why not stands in the
 * log. Does nothing where there is no mail.
 */
export async function deliver<Name extends LetterName>(
  { mailer, logger }: VaultContext,
  to: string,
  name: Name,
  data: Letters[Name],
): Promise<void> {
  try {
    await mailer?.send(to, name, data)
  } catch (error) {
    logger.error({ letter: name, error: (error as Error).message }, 'letter could not be sent')
    throw new ApiError('INTERNAL', 'The email could not be sent. Try again later, or ask your administrator.')
  }
}
