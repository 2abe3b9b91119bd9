import { Secret } from 'otpauth'
import Type from 'typebox'
import type { Session } from '#auth'
import type { Store, TwoFactor, TwoFactors, User } from '#store'
import { changeUser } from '../accounts/change-user.ts'
import type { VaultContext } from '../context.ts'
import { FACTOR } from './factor-types.ts'

/** A code that a person typed in: some clients send a number for one of digits. */
export const CodeText = Type.Unsafe<string | number>({ type: ['string', 'integer'], maxLength: 100 })

const RECOVERY_CODE_BYTES = 20

/**
 * Sets up the second factor that `make` returns, in place of the one of its type. `make` may throw an ApiError. With their
 * first factor a user gets a recovery code. As at Vaultwarden other devices are not told, and no session ends.
 */
export async function putFactor(
  context: VaultContext,
  session: Session,
  make: (store: Store, user: User) => Promise<TwoFactor>,
): Promise<void> {
  await changeUser(context, session, async (user, store) => {
    await store.twoFactors.put(await make(store, user))
    user.recoveryCode ??= new Secret({ size: RECOVERY_CODE_BYTES }).base32
  })
}

/** Removes a second factor, if it is there and `check` does not throw. The recovery code stays, as do sessions. */
export async function removeFactor(
  context: VaultContext,
  session: Session,
  type: number,
  check: (factor: TwoFactor) => void = () => {},
): Promise<void> {
  await changeUser(context, session, async (user, { twoFactors }) => {
    const factor = await twoFactors.find(user.id, type)
    if (factor !== undefined) check(factor)
    await deleteFactor(twoFactors, user.id, type)
  })
}

/** Deletes the row, and with security keys the U2F keys that they were made of: nobody can be asked for those any more. */
export async function deleteFactor(twoFactors: TwoFactors, userId: string, type: number): Promise<void> {
  await twoFactors.delete(userId, type)
  if (type === FACTOR.webAuthn) await twoFactors.delete(userId, FACTOR.u2f)
}

/** What clients are told of a second factor that is gone. */
export const disabledResponse = (type: number) => ({ enabled: false, type, object: 'twoFactorProvider' })
