import { upgradePassword } from '../accounts/index.ts'
import { useUp } from '../auth-requests/index.ts'
import type { Caller } from '../caller.ts'
import type { VaultContext } from '../context.ts'
import { openSession } from '../sessions/index.ts'
import { passSecondFactor } from '../two-factor/index.ts'
import { authenticate, loginFailed, type Proof } from './authenticate.ts'
import { describeDevice } from './described-device.ts'
import type { Form } from './form.ts'
import { requireProvenAddress } from './proven-address.ts'
import { checkScope, loginResponse } from './token-response.ts'

/** A login with e-mail address and master password hash, or with the access code of a request that a device approved. */
export async function passwordGrant(context: VaultContext, form: Form, caller: Caller) {
  const clientId = form.require('client_id')
  const password = form.require('password')
  const email = form.require('username')
  const scope = checkScope(form, 'api offline_access')
  const device = describeDevice(form)

  const { address } = caller
  const requestId = form.get('authRequest') || undefined
  const proof: Proof = requestId === undefined ? { password } : { requestId, accessCode: password, deviceId: device.id }
  const user = await authenticate(context, { email, proof, address })
  await requireProvenAddress(context, user)
  const { rememberToken } = await passSecondFactor(context, { user, form, device, caller })
  const session = await openSession(context, user, device, {
    clientId,
    scope,
    address,
    rememberToken,
    useUp: requestId === undefined ? undefined : (store) => useUp(context, store, requestId),
  })
  if (!session) throw loginFailed(context, { user, address })
  if (requestId === undefined) await upgradePassword(context, user, password)
  context.logger.info({ userId: user.id, deviceType: session.device.type, address }, 'login')
  return {
    ...loginResponse(session, scope),
    refresh_token: await context.tokens.issueRefresh(session.device),
    MasterPasswordPolicy: { Object: 'masterPasswordPolicy' },
    ...(rememberToken === undefined ? {} : { TwoFactorToken: rememberToken }),
  }
}
