import Type from 'typebox'
import { requireSecret, SecretRequest } from '../accounts/index.ts'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { removeDoomed } from '../files/remove-doomed.ts'
import { inTurns } from '../in-turns.ts'
import { Maybe, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'

const PurgeQuery = Type.Object({ organizationId: Maybe.text() })

/** `POST /ciphers/purge`: all items, those in the trash too, and all folders of the user's own vault are gone. */
export function registerPurge(scope: VaultApp, context: VaultContext): void {
  const { notifier, clock, logger } = context
  const schema = { querystring: PurgeQuery, body: SecretRequest }

  scope.post('/ciphers/purge', { schema }, async ({ session, query, body }, reply) => {
    // Whoever means an organization's vault must not lose their own.
    if (query.organizationId != null) throw badRequest("You don't have permission to purge the organization vault")
    await requireSecret(context, session.user, body)
    const userId = session.user.id
    const date = await inSession(context, session, async (store) => {
      for await (const lot of inTurns(await store.ciphers.idsOwnOf(userId))) await store.ciphers.delete(lot)
      await store.folders.deleteOf(userId)
      return store.users.touch(userId, new Date(clock.now()))
    })
    notifier.account('SyncVault', userId, date, session.device.id)
    logger.info({ userId }, 'vault purged')
    await removeDoomed(context)
    return reply.send()
  })
}
