import { pretendToVerifyPassword, verifyPassword } from '#auth'
import type { User } from '#store'
import { upgradePassword } from '../accounts/index.ts'
import type { VaultContext } from '../context.ts'
import { type ApiError, badRequest } from '../errors.ts'
import { openSession } from '../sessions/index.ts'
import { passSecondFactor } from '../two-factor/index.ts'
import { describeDevice } from './described-device.ts'
import type { Form } from './form.ts'
import { requireProvenAddress } from './proven-address.ts'
import { checkScope, loginResponse } from './token-response.ts'

/** A login with e-mail address and master password hash. */
export async function passwordGrant(context: VaultContext, form: Form, address: string) {
  const clientId = form.require('client_id')
  const password = form.require('password')
  const email = form.require('username').trim()
  const scope = checkScope(form, 'api offline_access')
  const described = describeDevice(form)

  const known = await context.store.users.findByEmail(email)
  const user = await authenticate(context, known, password, address)
  await requireProvenAddress(context, user)
  const { rememberToken } = await passSecondFactor(context, { user, form, device: described, address })
  const session = await openSession(context, user, described, { clientId, scope })
  if (!session) throw failed(context, user, address)
  await upgradePassword(context, user, password)
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

function failed({ logger }: VaultContext, user: User | undefined, address: string): ApiError {
  logger.warn({ userId: user?.id, address }, 'login failed')
  return badRequest('Username or password is incorrect. Try again')
}
