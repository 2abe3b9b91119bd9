import { pretendToVerifyPassword, verifyPassword } from '#auth'
import type { User } from '#store'
import { upgradePassword } from '../accounts/index.ts'
import { type ApprovedLogin, isApproved, useUp } from '../auth-requests/index.ts'
import type { VaultContext } from '../context.ts'
import { type ApiError, badRequest } from '../errors.ts'
import { openSession } from '../sessions/index.ts'
import { passSecondFactor } from '../two-factor/index.ts'
import { describeDevice } from './described-device.ts'
import type { Form } from './form.ts'
import { requireProvenAddress } from './proven-address.ts'
import { checkScope, loginResponse } from './token-response.ts'

/** A login with e-mail address and master password hash, or with the access code of a request that a device approved. */
export async function passwordGrant(context: VaultContext, form: Form, address: string) {
  const clientId = form.require('client_id')
  const password = form.require('password')
  const email = form.require('username').trim()
  const scope = checkScope(form, 'api offline_access')
  const described = describeDevice(form)

  const requestId = form.get('authRequest') || undefined

  const known = await context.store.users.findByEmail(email)
  const user =
    requestId === undefined
      ? await authenticate(context, known, password, address)
      : await authenticateByRequest(context, known, {
          requestId,
          accessCode: password,
          deviceId: described.id,
          address,
        })
  await requireProvenAddress(context, user)
  const { rememberToken } = await passSecondFactor(context, { user, form, device: described, address })
  const session = await openSession(context, user, described, {
    clientId,
    scope,
    useUp: requestId === undefined ? undefined : (store) => useUp(context, store, requestId),
  })
  if (!session) throw failed(context, user, address)
  if (requestId === undefined) await upgradePassword(context, user, password)
  context.logger.info({ userId: user.id, deviceType: session.device.type, address }, 'login')
  return {
    ...loginResponse(session, scope),
    refresh_token: await context.tokens.issueRefresh(session.device),
    MasterPasswordPolicy: { Object: 'masterPasswordPolicy' },
    ...(rememberToken === undefined ? {} : { TwoFactorToken: rememberToken }),
  }
}

/**
 * Says the same whether the name or the password is wrong, and takes as long, provided that the user's hash has the
 * iterations of the setting: every login sees to it that it has no fewer.
 */
async function authenticate(
  context: VaultContext,
  user: User | undefined,
  password: string,
  address: string,
): Promise<User> {
  if (!user) await pretendToVerifyPassword(password, context.settings.passwordIterations)
  if (!user || !(await verifyPassword(password, user))) throw failed(context, user, address)
  if (!user.enabled) throw badRequest('This user has been disabled')
  return user
}

/** The same for a login that another device has approved. */
async function authenticateByRequest(
  context: VaultContext,
  user: User | undefined,
  login: ApprovedLogin,
): Promise<User> {
  if (!user?.enabled || !(await isApproved(context, user.id, login))) {
    throw failed(context, user, login.address, 'Username or access code is incorrect. Try again')
  }
  return user
}

function failed(
  { logger }: VaultContext,
  user: User | undefined,
  address: string,
  message = 'Username or password is incorrect. Try again',
): ApiError {
  logger.warn({ userId: user?.id, address }, 'login failed')
  return badRequest(message)
}
