import Type from 'typebox'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { limitUnauthenticated, mayWriteTo } from '../limits.ts'
import { orNull, type VaultApp } from '../schema.ts'
import type { VaultSettings } from '../settings.ts'

const HintRequest = Type.Object({ email: Type.String({ maxLength: 256 }) })

/**
 * `POST /accounts/password-hint`: the hint goes to the user's own address, and who asks learns nothing. Only without mail,
 * and if the operator wants it so, it is shown to whoever asks.
 */
export function registerPasswordHint(scope: VaultApp, context: VaultContext): void {
  const { store, settings, mailer, afterwards } = context
  const route = { onRequest: limitUnauthenticated(context), schema: { body: HintRequest } }
  scope.post('/accounts/password-hint', route, async ({ body }, reply) => {
    if (!settings.passwordHintsAllowed || (mailer === undefined && !settings.showsPasswordHint)) {
      throw badRequest('This server is not configured to provide password hints.')
    }
    const find = () => store.users.findByEmail(body.email.trim())
    if (mailer === undefined) {
      const hint = orNull((await find())?.passwordHint)
      throw badRequest(hint === null ? 'Sorry, you have no password hint...' : `Your password hint is: ${hint}`)
    }
    afterwards.runHidden('letter with a password hint', async () => {
      const user = await find()
      if (user === undefined || !mayWriteTo(context, user.email)) return
      if (user.passwordHint) await mailer.send(user.email, 'pw_hint_some', { hint: user.passwordHint })
      else await mailer.send(user.email, 'pw_hint_none', {})
    })
    return reply.send()
  })
}

/** The hint as it is stored: trimmed, null for none. Throws an ApiError where there may be none. */
export function parsePasswordHint(settings: VaultSettings, hint: string | null | undefined): string | null {
  const trimmed = orNull(hint?.trim())
  if (trimmed !== null && !settings.passwordHintsAllowed) {
    throw badRequest(
      'Password hints have been disabled by the administrator. Remove the hint and try again.',
      'masterPasswordHint',
    )
  }
  return trimmed
}
