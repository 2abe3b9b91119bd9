import { equalSecrets } from '#auth'
import type { Store, User } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { deliver } from '../mail/deliver.ts'
import { newNumericCode } from '../numeric-code.ts'
import { FACTOR, newRow, parseObject } from './factor-types.ts'

/** What Vaultwarden keeps of codes by mail, by its names. */
export interface EmailData {
  /** Where codes go, which need not be the address of the account. */
  readonly email: string
  /** Null once it was used, or tried too often. Empty where none was sent yet. */
  readonly last_token: string | null
  /** Seconds since the epoch. */
  readonly token_sent: number
  /** How often something wrong was tried as this code. */
  readonly attempts: number
}

/** Undefined when there is none that can be read. */
export function readEmailData(data: string | undefined): EmailData | undefined {
  const { email, last_token: token, token_sent: sent, attempts } = parseObject(data) ?? {}
  const isCode = token === null || typeof token === 'string'
  if (typeof email !== 'string' || !isCode || typeof sent !== 'number' || typeof attempts !== 'number') return undefined
  return { email, last_token: token, token_sent: sent, attempts }
}

export const offersEmailCodes = ({ settings, mailer }: VaultContext): boolean =>
  settings.twoFactor.email.isOn && mailer !== undefined

/** Throws an ApiError where there are no codes by mail. */
export function requireEmailCodes(context: VaultContext): void {
  if (!offersEmailCodes(context)) throw badRequest('Email 2FA is disabled')
}

/** A code for `email` that was not used yet. Good from now on, in place of the one before. */
export function newEmailCode({ clock, settings }: VaultContext, email: string): EmailData & { last_token: string } {
  const token = newNumericCode(settings.twoFactor.email.digits)
  return { email, last_token: token, token_sent: Math.floor(clock.now() / 1000), attempts: 0 }
}

/** Sends the user a code with which to log in. Throws an ApiError when they have not set that up. */
export async function sendLoginCode(context: VaultContext, user: User): Promise<void> {
  requireEmailCodes(context)
  const renew = async ({ twoFactors }: Store) => {
    const factor = await twoFactors.find(user.id, FACTOR.email)
    const stored = readEmailData(factor?.data)
    if (!factor?.enabled || stored === undefined) throw badRequest('Two factor not found')
    const code = newEmailCode(context, stored.email)
    await twoFactors.put(newRow(user.id, FACTOR.email, code))
    return code
  }
  const { email, last_token: token } = await context.store.transaction(renew, { account: user.id })
  await deliver(context, email, 'twofactor_email', { token })
}

/**
 * Throws an ApiError unless `code` is the one that was sent last for the row of `type`, which is used up by that. It is
 * good for the time and the number of attempts of the settings.
 */
export async function requireEmailCode(
  { store, settings, clock }: VaultContext,
  { user, type, code }: { user: User; type: number; code: string },
): Promise<void> {
  const { expirationSeconds, maxAttempts } = settings.twoFactor.email
  // The attempt counts whatever comes of it, so nothing is thrown in here.
  const check = async ({ twoFactors }: Store) => {
    const stored = readEmailData((await twoFactors.find(user.id, type))?.data)
    if (!stored?.last_token) return 'No token available! Have a new one sent.'
    const isRight = equalSecrets(stored.last_token, code)
    const isLost = isRight || stored.attempts + 1 >= maxAttempts
    const left = isLost ? { last_token: null, attempts: 0 } : { attempts: stored.attempts + 1 }
    await twoFactors.put(newRow(user.id, type, { ...stored, ...left }))
    if (!isRight) return 'Token is invalid!'
    return (stored.token_sent + expirationSeconds) * 1000 < clock.now() ? 'Token has expired' : undefined
  }
  const objection = await store.transaction(check, { account: user.id })
  if (objection !== undefined) throw badRequest(objection, 'token')
}

/** As it is shown to whoever knows the password: `al***@example.com`, and nothing of names up to three characters. */
export function obscureEmail(email: string): string {
  const at = email.lastIndexOf('@')
  const name = [...email.slice(0, Math.max(at, 0))]
  const shown = name.length <= 3 ? [] : name.slice(0, 2)
  return shown.join('') + '*'.repeat(name.length - shown.length) + email.slice(Math.max(at, 0))
}
