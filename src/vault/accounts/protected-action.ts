import { randomUUID } from 'node:crypto'
import Type from 'typebox'
import { equalSecrets } from '#auth'
import type { Store } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { parseJson } from '../json-text.ts'
import { takeFrom } from '../limits.ts'
import { deliver } from '../mail/deliver.ts'
import { newNumericCode } from '../numeric-code.ts'
import { isObject, Maybe, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'

/** Vaultwarden's type of the row that a code is kept in; above 1000, so it is no second factor. */
const ROW_TYPE = 2000

/** Between two codes. */
const PAUSE_SECONDS = 30

/** What Vaultwarden keeps of a code, by its names. */
interface StoredCode {
  readonly token: string
  /** Seconds since the epoch. */
  readonly token_sent: number
  /** How often something was tried as the code. */
  readonly attempts: number
}

const VerifyRequest = Type.Object({ OTP: Maybe.text({ maxLength: 255 }), otp: Maybe.text({ maxLength: 255 }) })

/** Codes by mail that stand in for the master password: for those who logged in without it. */
export function registerProtectedAction(scope: VaultApp, context: VaultContext): void {
  scope.post('/accounts/request-otp', async ({ session }, reply) => {
    requireMail(context)
    takeFrom(context.limits.letters, session.user.id)
    const now = Math.floor(context.clock.now() / 1000)
    const token = newNumericCode(context.settings.twoFactor.email.digits)
    await inSession(context, session, async ({ twoFactors }, { id: userId }) => {
      const former = readCode((await twoFactors.find(userId, ROW_TYPE))?.data)
      const waits = former === undefined ? 0 : former.token_sent + PAUSE_SECONDS - now
      if (waits > 0) throw badRequest(`Please wait ${waits} seconds before requesting another code.`)
      await putCode(twoFactors, userId, { token, token_sent: now, attempts: 0 })
    })
    await deliver(context, session.user.email, 'protected_action', { token })
    return reply.send()
  })

  scope.post('/accounts/verify-otp', { schema: { body: VerifyRequest } }, async ({ session, body }, reply) => {
    requireMail(context)
    await requireCode(context, session.user.id, body.OTP ?? body.otp ?? '', { isUsedUp: true })
    return reply.send()
  })
}

/**
 * Throws an ApiError unless `code` is the one that was sent to the user last. It is good for the time and the number of
 * attempts of codes by mail; `isUsedUp`: and not any more after this.
 */
export async function requireCode(
  { store, settings, clock }: VaultContext,
  userId: string,
  code: string,
  { isUsedUp }: { isUsedUp: boolean },
): Promise<void> {
  const { expirationSeconds, maxAttempts } = settings.twoFactor.email
  // The attempt counts whatever comes of it, so nothing is thrown in here.
  const check = async ({ twoFactors }: Store) => {
    const stored = readCode((await twoFactors.find(userId, ROW_TYPE))?.data)
    if (stored === undefined) {
      return 'Protected action token not found, try sending the code again or restart the process'
    }
    // The row stays, and with it the pause before the next code.
    if (stored.attempts >= maxAttempts) return 'Token has expired'
    if (Math.floor(clock.now() / 1000) - stored.token_sent > expirationSeconds) {
      await twoFactors.delete(userId, ROW_TYPE)
      return 'Token has expired'
    }
    const isRight = equalSecrets(stored.token, code)
    if (isRight && isUsedUp) await twoFactors.delete(userId, ROW_TYPE)
    if (!isRight) await putCode(twoFactors, userId, { ...stored, attempts: stored.attempts + 1 })
    return isRight ? undefined : 'Token is invalid'
  }
  const objection = await store.transaction(check, { account: userId })
  if (objection !== undefined) throw badRequest(objection)
}

function requireMail({ mailer }: VaultContext): void {
  if (mailer !== undefined) return
  throw badRequest(
    'Email is disabled for this server. Either enable email or login using your master password instead of login via device.',
  )
}

const putCode = (twoFactors: Store['twoFactors'], userId: string, code: StoredCode) =>
  twoFactors.put({
    id: randomUUID(),
    userId,
    type: ROW_TYPE,
    enabled: true,
    data: JSON.stringify(code),
    lastUsed: 0,
  })

/** Undefined when there is none that can be read. */
function readCode(data: string | undefined): StoredCode | undefined {
  const code = parseJson(data)
  if (!isObject(code) || typeof code.token !== 'string' || code.token === '') return undefined
  const { token, token_sent: sent, attempts } = code
  return typeof sent === 'number' && typeof attempts === 'number' ? { token, token_sent: sent, attempts } : undefined
}
