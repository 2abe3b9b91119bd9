import type { TwoFactor, User } from '#store'
import { isAtLeast } from '../client-version.ts'
import type { VaultContext } from '../context.ts'
import { TokenRefusal } from '../token-refusal.ts'
import { obscureEmail, offersEmailCodes, readEmailData, sendLoginCode } from './email-code.ts'
import { FACTOR } from './factor-types.ts'
import { requestOptions } from './webauthn/login.ts'
import { readRegistrations } from './webauthn/registrations.ts'
import { relyingPartyId } from './webauthn/relying-party.ts'
import { readYubikeyData } from './yubikey.ts'

/** Whether this server, as it is set up, can ask for a factor. */
export function isOffered(context: VaultContext, { type, data }: TwoFactor): boolean {
  const { settings } = context
  switch (type) {
    case FACTOR.authenticator:
      return true
    case FACTOR.email:
      return offersEmailCodes(context) && readEmailData(data) !== undefined
    case FACTOR.yubikey:
      return settings.twoFactor.yubico !== undefined && readYubikeyData(data) !== undefined
    case FACTOR.webAuthn:
      return relyingPartyId(settings) !== undefined && readRegistrations(data) !== undefined
    default:
      return false
  }
}

/** The types that this server, as it is set up, can set up for a user. */
export function offeredTypes(context: VaultContext): readonly number[] {
  const { settings } = context
  return [
    FACTOR.authenticator,
    ...(offersEmailCodes(context) ? [FACTOR.email] : []),
    ...(settings.twoFactor.yubico === undefined ? [] : [FACTOR.yubikey]),
    ...(relyingPartyId(settings) === undefined ? [] : [FACTOR.webAuthn]),
  ]
}

/** The answer that asks for one of `offered`. The names in it are compared by clients in exactly this case. */
export async function secondFactorRequired(
  context: VaultContext,
  { user, offered, clientVersion }: { user: User; offered: readonly TwoFactor[]; clientVersion: string | undefined },
): Promise<TokenRefusal> {
  // Newer clients have it sent when they show where to type it in.
  const sendsCode = offered.length === 1 && !isAtLeast(clientVersion, 2025, 5)
  const details: Record<string, unknown> = {}
  for (const factor of offered) details[factor.type] = await detailsOf(context, { user, factor, sendsCode })
  return new TokenRefusal({
    error: 'invalid_grant',
    error_description: 'Two factor required.',
    TwoFactorProviders: offered.map(({ type }) => String(type)),
    TwoFactorProviders2: details,
    MasterPasswordPolicy: { Object: 'masterPasswordPolicy' },
  })
}

/** What clients need for a factor. */
async function detailsOf(
  context: VaultContext,
  { user, factor: { type, data }, sendsCode }: { user: User; factor: TwoFactor; sendsCode: boolean },
): Promise<unknown> {
  switch (type) {
    case FACTOR.email:
      if (sendsCode) await sendLoginCode(context, user)
      return { Email: obscureEmail(readEmailData(data)?.email ?? '') }
    case FACTOR.yubikey:
      return { Nfc: readYubikeyData(data)?.nfc ?? false }
    case FACTOR.webAuthn:
      return requestOptions(context, user, readRegistrations(data) ?? [])
    default:
      return null
  }
}
