import type { VaultContext } from '../context.ts'
import { ApiError, badRequest } from '../errors.ts'
import type { VaultApp } from '../schema.ts'
import { apiKeyGrant } from './api-key-grant.ts'
import { Form, readForms } from './form.ts'
import { passwordGrant } from './password-grant.ts'
import { refreshGrant } from './refresh-grant.ts'
import { sendAccessGrant } from './send-access-grant.ts'

/**
 * Logins that may wait for their password to be hashed, whoever asks. Each takes some 0.2 s of a processor: with more,
 * those who wait would give up before their turn comes, and nobody would get in.
 */
const MAX_LOGINS_UNDER_WAY = 32

/** `POST /identity/connect/token`: every way to get an access token. */
export function registerToken(scope: VaultApp, context: VaultContext): void {
  readForms(scope)
  const { login: logins } = context.limits
  let underWay = 0
  const logIn = async <T>(address: string, grant: () => Promise<T>): Promise<T> => {
    if (underWay >= MAX_LOGINS_UNDER_WAY || !logins.take(address)) {
      throw new ApiError('TOO_MANY_REQUESTS', 'Too many login requests')
    }
    underWay++
    try {
      return await grant()
    } finally {
      underWay--
    }
  }

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
        return logIn(address, () => passwordGrant(context, form, address))
      case 'client_credentials':
        return logIn(address, async () => {
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
