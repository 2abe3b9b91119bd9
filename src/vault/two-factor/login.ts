import type { TwoFactor, User } from '#store'
import type { Caller } from '../caller.ts'
import type { LoginFields, VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import type { DescribedDevice } from '../sessions/index.ts'
import { TokenRefusal } from '../token-refusal.ts'
import { requireAuthenticatorCode } from './authenticator.ts'
import { requireEmailCode } from './email-code.ts'
import { FACTOR, standingFactors } from './factor-types.ts'
import { guess } from './guesses.ts'
import { recover } from './recovery.ts'
import { isRemembered, newRememberToken } from './remember.ts'
import { isOffered, secondFactorRequired } from './required.ts'
import { requireAssertion } from './webauthn/login.ts'
import { readYubikeyData, requireYubikeyOtp } from './yubikey.ts'

const NONE_OFFERED =
  'This server offers none of the two-step login methods of this account. Use its recovery code to remove them.'

export interface SecondFactorLogin {
  /** Whose password was right. */
  readonly user: User
  readonly form: LoginFields
  readonly device: DescribedDevice
  readonly caller: Caller
}

export interface PassedSecondFactor {
  /** What lets the device in without a second factor the next time; undefined when that was not asked for. */
  readonly rememberToken: string | undefined
}

/**
 * Lets a login go on that has brought its second factor, or whose user has none. Throws the TokenRefusal that asks for
 * one, or an ApiError when it is wrong.
 */
export async function passSecondFactor(context: VaultContext, login: SecondFactorLogin): Promise<PassedSecondFactor> {
  const { user, form, device, caller } = login
  const factors = standingFactors(await context.store.twoFactors.ofUser(user.id))
  if (factors.length === 0) return { rememberToken: undefined }
  const provider = providerOf(form)
  await noteIncomplete(context, login)
  try {
    await requireFactor(context, login, { factors, provider })
  } catch (error) {
    // To be asked for it is the usual way.
    if (!(error instanceof TokenRefusal)) {
      context.logger.warn({ userId: user.id, address: caller.address, provider }, 'login failed at the second factor')
    }
    throw error
  }
  await context.store.incompleteLogins.end(user.id, device.id)
  // There is nothing to be remembered of an account that has no second factor any more.
  const remembers = form.get('twoFactorRemember') === '1' && provider !== FACTOR.recoveryCode
  const isOn = context.settings.twoFactor.remembersDevices
  return { rememberToken: remembers && isOn ? await newRememberToken(context, user, device) : undefined }
}

/** Throws unless the login brings a factor that is right. */
async function requireFactor(
  context: VaultContext,
  { user, form, device, caller: { clientVersion } }: SecondFactorLogin,
  { factors, provider }: { factors: readonly TwoFactor[]; provider: number | undefined },
): Promise<void> {
  const code = form.get('twoFactorToken') || undefined
  // Also where none of the factors is offered: it is the way out.
  if (provider === FACTOR.recoveryCode && code !== undefined) {
    await recover(context, user, code)
    context.logger.warn({ userId: user.id }, 'recovery code used, all second factors removed')
    return
  }

  const offered = factors.filter((factor) => isOffered(context, factor))
  if (offered.length === 0) throw badRequest(NONE_OFFERED)
  if (code !== undefined && provider === FACTOR.remember) {
    if (await isRemembered(context, { user, device, token: code })) return
    throw await secondFactorRequired(context, { user, offered, clientVersion })
  }
  const factor = provider === undefined ? offered[0] : offered.find(({ type }) => type === provider)
  if (code === undefined || factor === undefined) {
    throw await secondFactorRequired(context, { user, offered, clientVersion })
  }
  // What a key has signed is not to be guessed, and costs nobody an attempt.
  if (factor.type === FACTOR.webAuthn) await requireAssertion(context, user, code)
  else await guess(context, { user, device }, () => requireCode(context, { user, factor, code }))
}

async function requireCode(
  context: VaultContext,
  { user, factor: { type, data }, code }: { user: User; factor: TwoFactor; code: string },
): Promise<void> {
  switch (type) {
    case FACTOR.authenticator:
      return requireAuthenticatorCode(context, user, data, code)
    case FACTOR.email:
      return requireEmailCode(context, { user, type, code })
    default:
      return requireYubikeyOtp(context, readYubikeyData(data), code)
  }
}

/** Undefined where the client names none: then it means the first one. NaN for what is no number. */
function providerOf(form: LoginFields): number | undefined {
  const text = form.get('twoFactorProvider')
  return text ? Number(text) : undefined
}

/** Remembers that somebody knows the password, until the second factor comes; the owner is told when it does not. */
async function noteIncomplete(context: VaultContext, { user, device, caller }: SecondFactorLogin): Promise<void> {
  const { store, mailer, settings, clock } = context
  if (mailer === undefined || settings.twoFactor.incompleteAfterMinutes === 0) return
  await store.incompleteLogins.begin({
    userId: user.id,
    deviceId: device.id,
    deviceName: device.name,
    deviceType: device.type,
    at: new Date(clock.now()),
    address: caller.address,
  })
}
