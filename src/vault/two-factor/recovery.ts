import { equalSecrets } from '#auth'
import type { Store, User } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'

/**
 * Takes all second factors away from an account whose owner brings its recovery code, and the code as well. Throws an
 * ApiError when it is another one. People type it in with spaces and in small letters.
 */
export async function recover({ store, clock }: VaultContext, { id }: User, code: string): Promise<void> {
  const typed = code.replaceAll(/\s/g, '').toUpperCase()
  const use = async ({ users, twoFactors }: Store) => {
    const user = await users.find(id)
    if (!user?.recoveryCode || !equalSecrets(user.recoveryCode.toUpperCase(), typed)) return false
    await twoFactors.deleteAllOf(id)
    await users.update({ ...user, recoveryCode: null })
    await users.touch(id, new Date(clock.now()))
    return true
  }
  if (!(await store.transaction(use, { account: id }))) throw badRequest('Recovery code is incorrect. Try again.')
}
