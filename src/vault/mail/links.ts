import type { TicketKind } from '#auth'
import type { User } from '#store'
import type { VaultContext } from '../context.ts'

/** What a link in a letter lets whoever has it do with an account. */
type LinkKind = Extract<TicketKind, 'verifyemail' | 'delete'>

/**
 * Sends the letter whose link proves the user's address, without anybody waiting for it. Does nothing where there is no
 * mail.
 */
export function sendVerification(
  context: VaultContext,
  user: User,
  name: 'verify_email' | 'welcome_must_verify',
): void {
  const { mailer, afterwards } = context
  if (mailer === undefined) return
  afterwards.run(`letter ${name}`, async () => {
    const link = { user_id: user.id, token: await linkToken(context, 'verifyemail', user) }
    await (name === 'verify_email'
      ? mailer.send(user.email, name, { ...link, email: encodeURIComponent(user.email) })
      : mailer.send(user.email, name, link))
  })
}

/** The token of a link. It holds for the address that it was sent to, and not for one that comes after it. */
export function linkToken({ tickets }: VaultContext, kind: LinkKind, { id, email }: User): Promise<string> {
  return tickets.issue(kind, { sub: id, email })
}

/** The user that a link was made for, as it is now; undefined when the link is not good. */
export async function userOfLink(
  { tickets, store }: VaultContext,
  kind: LinkKind,
  { userId, token }: { userId: string; token: string },
): Promise<User | undefined> {
  const claims = await tickets.verify(kind, token)
  if (claims === undefined || claims.sub !== userId) return undefined
  const user = await store.users.find(userId)
  // Vaultwarden's name no address.
  const isSameAddress = claims.email === undefined || claims.email === user?.email
  return isSameAddress ? user : undefined
}
