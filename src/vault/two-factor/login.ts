import type { User } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import type { Form } from '../identity/form.ts'
import type { DescribedDevice } from '../sessions/index.ts'

export interface SecondFactorLogin {
  /** Whose password was right. */
  readonly user: User
  readonly form: Form
  readonly device: DescribedDevice
  readonly address: string
}

export interface PassedSecondFactor {
  /** What lets the device in without a second factor the next time; undefined when that was not asked for. */
  readonly rememberToken: string | undefined
}

/**
 * Lets a login go on that has brought its second factor, or whose user has none. Throws the answer that asks for one, or
 * an ApiError when it is wrong.
 */
export async function passSecondFactor(
  context: VaultContext,
  { user, address }: SecondFactorLogin,
): Promise<PassedSecondFactor> {
  // Letting its owner in by the password alone would take the second factor away from an account that comes from
  // Vaultwarden.
  if ((await context.store.users.secondFactors(user.id)).length > 0) {
    context.logger.warn({ userId: user.id, address }, 'login refused: second factor')
    throw badRequest('Two-step login is set up for this account, and this server does not offer it.')
  }
  return { rememberToken: undefined }
}
