import { callerOf } from '../caller.ts'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import type { VaultApp } from '../schema.ts'
import { apiKeyGrant } from './api-key-grant.ts'
import { countLogin } from './count-logins.ts'
import { Form, readForms } from './form.ts'
import { passwordGrant } from './password-grant.ts'
import { refreshGrant } from './refresh-grant.ts'
import { sendAccessGrant } from './send-access-grant.ts'

/** `POST /identity/connect/token`: every way to get an access token. */
export function registerToken(scope: VaultApp, context: VaultContext): void {
  readForms(scope)
  const { logins } = context.limits
  const login = <T>(address: string, work: () => Promise<T>) =>
    countLogin(context.logins, () => logins.run(address, work))

  scope.post('/connect/token', async (request, reply) => {
    const form = request.body instanceof Form ? request.body : new Form('')
    const address = context.clientAddress(request.raw)
    switch (form.require('grant_type')) {
      case 'refresh_token': {
        // Not limited: clients refresh before every request when a token is near its end.
        const renewed = await refreshGrant(context, form)
        return renewed ?? reply.code(400).send({ error: 'invalid_grant' })
      }
      case 'password':
        return login(address, () => passwordGrant(context, form, callerOf(context, request)))
      case 'client_credentials':
        return login(address, async () => {
          const other = await context.otherGrant?.(form)
          return other === undefined ? apiKeyGrant(context, form, address) : reply.code(other.status).send(other.body)
        })
      case 'send_access':
        return sendAccessGrant(context, form, address)
      default:
        throw badRequest('grant_type is not supported', 'grant_type')
    }
  })
}
