import Type from 'typebox'
import type { Store } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { limitUnauthenticated, takeFrom } from '../limits.ts'
import { sendVerification, userOfLink } from '../mail/links.ts'
import type { VaultApp } from '../schema.ts'

/** What the page behind a link in a letter sends back. */
export const LinkRequest = Type.Object({ userId: Type.String(), token: Type.String() })

/** Of a link that is not good, whatever is wrong with it. */
export const badLink = () => badRequest('Invalid claim')

/** The signed-in user asks for the letter that proves the address. */
export function registerVerification(scope: VaultApp, context: VaultContext): void {
  scope.post('/accounts/verify-email', async ({ session }, reply) => {
    if (context.mailer === undefined) throw badRequest('Cannot verify email address')
    takeFrom(context.limits.letters, session.user.id)
    sendVerification(context, session.user, 'verify_email')
    return reply.send()
  })
}

/** Whoever has that letter comes back with its link, signed in or not. */
export function registerVerificationLink(scope: VaultApp, context: VaultContext): void {
  const schema = { body: LinkRequest }
  const route = { onRequest: limitUnauthenticated(context), schema }
  scope.post('/accounts/verify-email-token', route, async ({ body }, reply) => {
    const linked = await userOfLink(context, 'verifyemail', body)
    if (linked === undefined) throw badLink()
    const prove = async ({ users }: Store) => {
      const user = await users.find(linked.id)
      if (user?.email !== linked.email) return false
      const verifiedAt = new Date(context.clock.now())
      await users.update({ ...user, verifiedAt, lastVerifyingAt: null, loginVerifyCount: 0 })
      return true
    }
    if (!(await context.store.transaction(prove, { account: linked.id }))) throw badLink()
    context.logger.info({ userId: linked.id }, 'address verified')
    return reply.send()
  })
}
