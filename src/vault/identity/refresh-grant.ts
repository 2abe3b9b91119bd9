import { nextRevision, type VaultContext } from '../context.ts'
import { isAddressProven } from '../email-address.ts'
import type { Form } from './form.ts'

const SCOPE = ['api', 'offline_access']

/** A new access token for a device that is logged in; undefined when it is not any more. */
export async function refreshGrant(context: VaultContext, form: Form) {
  const { store, tokens, clock } = context
  const claims = await tokens.verifyRefresh(form.get('refresh_token') ?? '')
  if (!claims) return undefined
  const found = await store.transaction(async ({ devices, users }) => {
    const device = await devices.findByRefreshToken(claims.device_token)
    const user = device && (await users.find(device.userId))
    if (!device || !user?.enabled) return undefined
    await devices.touch(device.id, user.id, nextRevision(device.updatedAt, clock))
    return { device, user }
  })
  if (!found) return undefined
  const { device, user } = found
  // Vaultwarden's word for a client that does not name itself.
  const clientId = form.get('client_id') ?? 'undefined'
  const emailVerified = isAddressProven(context, user)
  const { token, expiresInSeconds } = await tokens.issueAccess(user, device, { clientId, scope: SCOPE, emailVerified })
  return {
    refresh_token: await tokens.issueRefresh(device),
    access_token: token,
    expires_in: expiresInSeconds,
    token_type: 'Bearer',
    scope: SCOPE.join(' '),
  }
}
