import Type from 'typebox'
import { requireSecret, SecretRequest } from '../accounts/secret.ts'
import type { VaultContext } from '../context.ts'
import { ApiError, badRequest } from '../errors.ts'
import { Maybe, type VaultApp } from '../schema.ts'
import { putFactor } from './change-factor.ts'
import { FACTOR, newRow, parseObject } from './factor-types.ts'
import { bothForms, issueVerification, requireVerification, VerifiedRequest } from './verification.ts'
import { isValidOtp, ValidationError } from './yubico.ts'

const TYPE = FACTOR.yubikey

/** Of 44 characters (modhex) the first twelve say which key it is. */
const OTP = /^[cbdefghijklnrtuv]{44}$/
const KEY_ID_LENGTH = 12

/** What Vaultwarden keeps. */
interface YubikeyData {
  readonly keys: readonly string[]
  /** Whether phones may read a key by NFC. */
  readonly nfc: boolean
}

const key = Maybe.text({ maxLength: 100 })
const EnableRequest = Type.Object({
  ...VerifiedRequest.properties,
  key1: key,
  key2: key,
  key3: key,
  key4: key,
  key5: key,
  nfc: Type.Boolean(),
})

/** One-time passwords of YubiKeys, which a validation server checks. */
export function registerYubikey(scope: VaultApp, context: VaultContext): void {
  const { store } = context
  scope.post('/two-factor/get-yubikey', { schema: { body: SecretRequest } }, async ({ session, body }) => {
    requireYubico(context)
    await requireSecret(context, session.user, body, { asksAgain: true })
    const userVerificationToken = await issueVerification(context, session.user, TYPE)
    const data = readYubikeyData((await store.twoFactors.find(session.user.id, TYPE))?.data)
    return { ...response(data), userVerificationToken }
  })

  scope.route({
    method: ['PUT', 'POST'],
    url: '/two-factor/yubikey',
    schema: { body: EnableRequest },
    handler: async ({ session, body }) => {
      requireYubico(context)
      await requireVerification(context, session.user, { type: TYPE, body })
      const given = [body.key1, body.key2, body.key3, body.key4, body.key5].filter((key) => key != null && key !== '')
      if (given.length === 0) throw badRequest('A key is required.', 'key1')
      const known = new Set(readYubikeyData((await store.twoFactors.find(session.user.id, TYPE))?.data)?.keys)
      const keys = new Set<string>()
      for (const otp of given as string[]) {
        // Clients send what they were told of a key that stays.
        if (!known.has(otp)) await requireValidOtp(context, otp, 'Invalid Yubikey OTP provided')
        keys.add(otp.slice(0, KEY_ID_LENGTH))
      }
      const data: YubikeyData = { keys: [...keys], nfc: body.nfc }
      await putFactor(context, session, async (_store, user) => newRow(user.id, TYPE, data))
      return response(data)
    },
  })
}

/** Throws an ApiError unless `otp` is a new one of a key of the row. */
export async function requireYubikeyOtp(
  context: VaultContext,
  data: YubikeyData | undefined,
  otp: string,
): Promise<void> {
  if (!data?.keys.includes(otp.slice(0, KEY_ID_LENGTH))) throw badRequest('Given Yubikey is not registered')
  await requireValidOtp(context, otp, 'Invalid Yubikey OTP provided')
}

/** Undefined when there is none that can be read. */
export function readYubikeyData(data: string | undefined): YubikeyData | undefined {
  const stored = parseObject(data)
  // Old versions of Vaultwarden wrote them with capitals.
  const keys = stored?.keys ?? stored?.Keys
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) return undefined
  return { keys, nfc: (stored?.nfc ?? stored?.Nfc) === true }
}

function requireYubico({ settings }: VaultContext) {
  if (settings.twoFactor.yubico === undefined) throw badRequest('YubiKeys are not set up on this server.')
  return settings.twoFactor.yubico
}

async function requireValidOtp(context: VaultContext, otp: string, objection: string): Promise<void> {
  const settings = requireYubico(context)
  if (!OTP.test(otp)) throw badRequest(objection)
  try {
    if (await isValidOtp(settings, otp)) return
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    context.logger.error({ error: error.message }, 'YubiKey could not be validated')
    throw new ApiError('UNAVAILABLE', 'The validation server for YubiKeys cannot be asked. Try again later.')
  }
  throw badRequest(objection)
}

function response(data: YubikeyData | undefined) {
  const [key1 = null, key2 = null, key3 = null, key4 = null, key5 = null] = data?.keys ?? []
  const details = { enabled: data !== undefined, key1, key2, key3, key4, key5, nfc: data?.nfc ?? false }
  return { ...bothForms('yubiKey', details), object: 'twoFactorYubiKey' }
}
