import type { Api } from '../api/client.ts'
import { NewDeviceCodeRequired, TwoFactorRequired, Unreachable } from '../api/errors.ts'
import { type FirstFactor, logIn, type SecondFactor, sendEmailCode } from '../api/identity.ts'
import type { JsonObject } from '../api/json.ts'
import type { Tokens } from '../api/tokens.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import { masterSecretsOf, openUserKey } from '../model/account-keys.ts'
import { userIdOf } from './access-token.ts'
import type { UnlockData } from './kept-account.ts'
import type { Remembered } from './remembered.ts'
import { derivationOf, readUnlockData } from './unlock-data.ts'

/** The second factor that the server has given this browser itself, to be remembered by. Spec: vault §2.4.4 */
const REMEMBERED_BROWSER = 5

/** A login that the server has accepted, with what it opens. */
export interface OpenedLogin extends UnlockData {
  readonly email: string
  readonly userId: string
  readonly tokens: Tokens
  readonly userKey: SymmetricKey
}

export interface LoginContext {
  readonly api: Api
  readonly remembered: Remembered
  /** Begins the session. */
  readonly begin: (login: OpenedLogin) => void
}

/** How far a login has come. */
export type LoginStep =
  | { readonly kind: 'done' }
  /** `providers` by number, with what each needs. */
  | { readonly kind: 'two-factor'; readonly login: Login; readonly providers: TwoFactorRequired['providers'] }
  | { readonly kind: 'new-device-code'; readonly login: Login }

export interface LoginExtras {
  readonly twoFactor?: SecondFactor
  /** That was mailed because this browser is new. */
  readonly newDeviceCode?: string
}

interface LoginOptions {
  readonly email: string
  readonly proof: FirstFactor
  readonly open: (data: UnlockData, answer: JsonObject) => Promise<SymmetricKey>
}

/**
 * A login under way: it knows what the password has become, so that it is not derived again for each code that is typed.
 * Whoever holds it lets it go when the login is given up.
 */
export class Login {
  readonly email: string
  readonly #context: LoginContext
  readonly #options: LoginOptions

  constructor(context: LoginContext, options: LoginOptions) {
    this.email = options.email
    this.#context = context
    this.#options = options
  }

  /** Tries it, or once more with what was asked for. Rejects with an `ApiError`. */
  async attempt({ twoFactor = this.#rememberedFactor(), newDeviceCode }: LoginExtras = {}): Promise<LoginStep> {
    const { api, remembered } = this.#context
    try {
      const request = { ...this.#options.proof, email: this.email, twoFactor, newDeviceCode }
      const { tokens, answer, rememberToken } = await logIn(api, request)
      if (rememberToken !== null) remembered.setTwoFactorToken(this.email, rememberToken)
      await this.#begin(tokens, answer)
      return { kind: 'done' }
    } catch (error) {
      if (error instanceof NewDeviceCodeRequired) return { kind: 'new-device-code', login: this }
      if (!(error instanceof TwoFactorRequired)) throw error
      if (twoFactor?.provider === REMEMBERED_BROWSER) remembered.setTwoFactorToken(this.email, undefined)
      return { kind: 'two-factor', login: this, providers: error.providers }
    }
  }

  /** Has the server mail a code for the second factor. Rejects with an `ApiError`. */
  async sendEmailCode(): Promise<void> {
    await sendEmailCode(this.#context.api, { email: this.email, ...this.#options.proof })
  }

  #rememberedFactor(): SecondFactor | undefined {
    const token = this.#context.remembered.twoFactorToken(this.email)
    return token === undefined ? undefined : { provider: REMEMBERED_BROWSER, token }
  }

  async #begin(tokens: Tokens, answer: JsonObject): Promise<void> {
    const userId = userIdOf(tokens.accessToken)
    const data = readUnlockData(answer.UserDecryptionOptions)
    if (userId === undefined || data === null) throw new Unreachable('The server answers no keys')
    const userKey = await this.#options.open(data, answer)
    this.#context.begin({ email: this.email, userId, tokens, userKey, ...data })
  }
}

/** Derives what proves the password, as the server says that this account has it. Rejects with an `ApiError`. */
export async function prepareLogin(
  context: LoginContext,
  { email: typed, password }: { readonly email: string; readonly password: string },
): Promise<Login> {
  const email = typed.trim().toLowerCase()
  const secrets = await masterSecretsOf({ password, ...(await derivationOf(context.api, email)) })
  return new Login(context, {
    email,
    proof: { passwordHash: secrets.hash },
    open: ({ protectedUserKey }) => openUserKey(secrets, protectedUserKey),
  })
}
