import Type from 'typebox'
import type { Store } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { removeDoomed } from '../files/remove-doomed.ts'
import { limitUnauthenticated, mayWriteTo } from '../limits.ts'
import { linkToken, userOfLink } from '../mail/links.ts'
import { deletions, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { requireSecret, SecretRequest } from './secret.ts'
import { badLink, LinkRequest } from './verification.ts'

const RecoverRequest = Type.Object({ email: Type.String({ maxLength: 256 }) })

/** The end of an account, by its own user. */
export function registerDeletion(scope: VaultApp, context: VaultContext): void {
  for (const route of deletions('/accounts')) {
    scope.route({
      ...route,
      schema: { body: SecretRequest },
      handler: async ({ session, body }, reply) => {
        await requireSecret(context, session.user, body)
        await inSession(context, session, (store, { id }) => deleteUser(store, id))
        tellDeletion(context, session.user.id)
        await removeDoomed(context)
        return reply.send()
      },
    })
  }
}

/** The end of an account by a link in a letter, for those who have lost their password. */
export function registerDeletionLink(scope: VaultApp, context: VaultContext): void {
  const { store, mailer, afterwards } = context
  const onRequest = limitUnauthenticated(context)

  scope.post('/accounts/delete-recover', { onRequest, schema: { body: RecoverRequest } }, async ({ body }, reply) => {
    if (mailer === undefined) throw badRequest('Please contact the administrator to delete your account')
    afterwards.runHidden('letter delete_account', async () => {
      const user = await store.users.findByEmail(body.email.trim())
      if (user === undefined || !mayWriteTo(context, user.email)) return
      const token = await linkToken(context, 'delete', user)
      await mailer.send(user.email, 'delete_account', {
        user_id: user.id,
        token,
        email: encodeURIComponent(user.email),
      })
    })
    return reply.send()
  })

  scope.post(
    '/accounts/delete-recover-token',
    { onRequest, schema: { body: LinkRequest } },
    async ({ body }, reply) => {
      const linked = await userOfLink(context, 'delete', body)
      if (linked === undefined) throw badLink()
      const remove = async (store: Store) => {
        // Meanwhile the address may be another's.
        if ((await store.users.find(linked.id))?.email !== linked.email) throw badLink()
        await deleteUser(store, linked.id)
      }
      await store.transaction(remove, { account: linked.id })
      tellDeletion(context, linked.id)
      await removeDoomed(context)
      return reply.send()
    },
  )
}

/** Throws an ApiError, and deletes nothing, when something that is not the user's alone would be lost. */
async function deleteUser({ users, memberships }: Store, id: string): Promise<void> {
  if (await memberships.isLastOwner(id)) throw badRequest("Can't delete last owner")
  await users.delete(id)
}

function tellDeletion({ logger, notifier, clock }: VaultContext, userId: string): void {
  logger.info({ userId }, 'account deleted')
  notifier.account('LogOut', userId, new Date(clock.now()), null)
}
