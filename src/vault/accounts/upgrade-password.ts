import { newPassword } from '#auth'
import type { Store, User } from '#store'
import type { VaultContext } from '../context.ts'

/** Hashes a password that was just found right with the iterations asked for now, when they are more than before. */
export async function upgradePassword(context: VaultContext, user: User, clientHash: string): Promise<void> {
  const { passwordIterations } = context.settings
  if (user.passwordIterations >= passwordIterations) return
  const stronger = await newPassword(clientHash, passwordIterations)
  const upgrade = async ({ users }: Store) => {
    const current = await users.find(user.id)
    // Meanwhile the password may have been changed.
    if (current?.passwordHash.equals(user.passwordHash)) await users.update({ ...current, ...stronger })
  }
  await context.store.transaction(upgrade, { account: user.id })
}
