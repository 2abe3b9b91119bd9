import { equalSecrets } from '#auth'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { openSession } from '../sessions/index.ts'
import { describeDevice } from './described-device.ts'
import type { Form } from './form.ts'
import { checkScope, loginResponse } from './token-response.ts'

const CLIENT_ID_PREFIX = 'user.'

/** A login with a personal API key: no refresh token, the client logs in anew. A second factor is not asked for. */
export async function apiKeyGrant(context: VaultContext, form: Form, address: string) {
  const clientId = form.require('client_id')
  const secret = form.require('client_secret')
  const scope = checkScope(form, 'api')
  const described = describeDevice(form)

  const id = clientId.startsWith(CLIENT_ID_PREFIX) ? clientId.slice(CLIENT_ID_PREFIX.length) : ''
  const known = await context.store.users.find(id)
  const isRight = known?.apiKey != null && equalSecrets(known.apiKey, secret)
  if (isRight && !known.enabled) throw badRequest('This user has been disabled')
  const session = isRight ? await openSession(context, known, described, { clientId, scope, address }) : undefined
  if (!session) {
    context.logger.warn({ userId: known?.id, address }, 'login by API key failed')
    throw badRequest('client_id or client_secret is incorrect. Try again')
  }
  context.logger.info({ userId: session.user.id, deviceType: session.device.type, address }, 'login by API key')
  return loginResponse(session, scope)
}
