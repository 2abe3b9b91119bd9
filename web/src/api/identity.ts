/** Registration and login. Nobody needs a session for these. Spec: vault §2.3, §2.4 */

import { objectIn } from './answer.ts'
import type { Api, Options } from './client.ts'
import { Unreachable } from './errors.ts'
import { type JsonObject, textOrNull } from './json.ts'
import { readTokens, type Tokens } from './tokens.ts'

/** How keys are derived from the password of `email`: `{ kdfSettings, salt }`. */
export async function preLogin(api: Api, email: string, { signal }: Options = {}): Promise<JsonObject> {
  const options = { body: { email }, as: 'anybody', signal } as const
  return objectIn(await api.request('POST', 'identity/accounts/prelogin/password', options))
}

/** What a login is proven by before a second factor: the password, or that another device has approved it. */
export type FirstFactor =
  | { readonly passwordHash: string }
  | { readonly authRequestId: string; readonly accessCode: string }

export interface SecondFactor {
  /** By number: 0 authenticator, 1 e-mail, 3 YubiKey, 5 remembered, 7 WebAuthn, 8 recovery code. */
  readonly provider: number
  /** The code; for WebAuthn the JSON of what the browser says. */
  readonly token: string
  /** Whether this browser shall not be asked again. */
  readonly remember?: boolean
}

export type LoginRequest = FirstFactor & {
  readonly email: string
  readonly twoFactor?: SecondFactor | undefined
  /** The code that was mailed because the device is new. */
  readonly newDeviceCode?: string | undefined
}

export interface Login {
  /** `api.tokens` is the caller's to set, when the vault has been opened with the rest. */
  readonly tokens: Tokens
  /** Keys, and how they are opened: `Key`, `PrivateKey`, `AccountKeys`, `UserDecryptionOptions`. Spec: vault §2.4.2 */
  readonly answer: JsonObject
  /** What takes the second factor's place the next time (provider 5); null when that was not asked for. */
  readonly rememberToken: string | null
}

/**
 * Rejects with `TwoFactorRequired` or `NewDeviceCodeRequired` when that is missing, and with `Refused` when something is
 * wrong.
 */
export async function logIn(api: Api, request: LoginRequest, { signal }: Options = {}): Promise<Login> {
  const { email, twoFactor, newDeviceCode } = request
  const proof =
    'passwordHash' in request
      ? { password: request.passwordHash }
      : { password: request.accessCode, authRequest: request.authRequestId }
  const form = {
    grant_type: 'password',
    scope: 'api offline_access',
    client_id: 'web',
    username: email,
    deviceType: String(api.device.type),
    deviceIdentifier: api.device.identifier,
    deviceName: api.device.name,
    ...proof,
    ...(newDeviceCode === undefined ? {} : { newDeviceOtp: newDeviceCode }),
    ...(twoFactor === undefined ? {} : twoFactorForm(twoFactor)),
  }
  const answer = objectIn(await api.request('POST', 'identity/connect/token', { form, as: 'anybody', signal }))
  const tokens = readTokens(answer, api.now())
  if (tokens === undefined) throw new Unreachable('The server answers no token')
  return { tokens, answer, rememberToken: textOrNull(answer.TwoFactorToken) }
}

const twoFactorForm = ({ provider, token, remember = false }: SecondFactor) => ({
  twoFactorProvider: String(provider),
  twoFactorToken: token,
  twoFactorRemember: remember ? '1' : '0',
})

/** Has a code mailed that is good as the second factor 1. */
export async function sendEmailCode(
  api: Api,
  request: { readonly email: string } & FirstFactor,
  { signal }: Options = {},
): Promise<void> {
  const proof =
    'passwordHash' in request
      ? { masterPasswordHash: request.passwordHash }
      : { authRequestId: request.authRequestId, authRequestAccessCode: request.accessCode }
  const body = { email: request.email, deviceIdentifier: api.device.identifier, ...proof }
  await api.request('POST', 'api/two-factor/send-email-login', { body, as: 'anybody', signal })
}

/**
 * The first step of a registration. What is returned is the proof that the second one needs; null where it is mailed to
 * `email` with a link.
 */
export async function beginRegistration(
  api: Api,
  { email, name }: { email: string; name: string | null },
  { signal }: Options = {},
): Promise<string | null> {
  const options = { body: { email, name, receiveMarketingEmails: false }, as: 'anybody', signal } as const
  return textOrNull(await api.request('POST', 'identity/accounts/register/send-verification-email', options))
}

/** The second one. `account`: model/account-keys' `newAccount`. */
export async function finishRegistration(
  api: Api,
  account: JsonObject,
  emailVerificationToken: string,
  { signal }: Options = {},
): Promise<void> {
  const options = { body: { ...account, emailVerificationToken }, as: 'anybody', signal } as const
  await api.request('POST', 'identity/accounts/register/finish', options)
}

/** Has the hint of a password mailed. A server without mail that shows it does so as a `Refused` error. */
export async function requestPasswordHint(api: Api, email: string, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/accounts/password-hint', { body: { email }, as: 'anybody', signal })
}

/** What the link in a letter holds. */
export interface LetterLink {
  readonly userId: string
  readonly token: string
}

/** Proves the address by the link in a letter. */
export async function verifyEmailByLink(api: Api, link: LetterLink, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/accounts/verify-email-token', { body: link, as: 'anybody', signal })
}

/** Has a letter mailed by whose link the account of `email` is deleted. */
export async function requestDeletionLink(api: Api, email: string, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/accounts/delete-recover', { body: { email }, as: 'anybody', signal })
}

/** Deletes the account by that link. */
export async function deleteByLink(api: Api, link: LetterLink, { signal }: Options = {}): Promise<void> {
  await api.request('POST', 'api/accounts/delete-recover-token', { body: link, as: 'anybody', signal })
}
