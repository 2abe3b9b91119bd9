import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { deletions, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { requireSecret, SecretRequest } from './secret.ts'

/** The end of an account, by its own user. */
export function registerDeletion(scope: VaultApp, context: VaultContext): void {
  const { notifier, clock } = context
  for (const route of deletions('/accounts')) {
    scope.route({
      ...route,
      schema: { body: SecretRequest },
      handler: async ({ session, body }, reply) => {
        await requireSecret(context, session.user, body)
        await inSession(context, session, async ({ users, memberships }, { id }) => {
          if (await memberships.isLastOwner(id)) throw badRequest("Can't delete last owner")
          if (await users.ownsFiles(id)) {
            throw badRequest('Attachments and file Sends cannot be deleted here yet, so the account cannot be either')
          }
          await users.delete(id)
        })
        context.logger.info({ userId: session.user.id }, 'account deleted')
        notifier.account('LogOut', session.user.id, new Date(clock.now()), null)
        return reply.send()
      },
    })
  }
}
