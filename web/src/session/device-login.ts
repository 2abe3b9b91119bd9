import { askToLogIn, getAuthResponse } from '../api/auth-requests.ts'
import { ApiError, Refused, TooManyRequests, Unreachable } from '../api/errors.ts'
import { isObject, textOrNull } from '../api/json.ts'
import { makeOneTimePair, type OneTimePair } from '../crypto/rsa.ts'
import { openPrivateKey } from '../model/account-keys.ts'
import { accessCode } from './access-code.ts'
import type { Clock } from './clock.ts'
import { Login, type LoginContext, type LoginStep } from './login.ts'

/** How often it is asked whether somebody has answered. */
const ASK_EVERY_MS = 2_000
/** How long a request is good. Spec: vault §2.11 */
const LIFETIME_MS = 5 * 60_000

/** Nobody let this browser in, and nobody will: the request was denied, or is too old. */
export class DeviceLoginEnded extends ApiError {
  override name = 'DeviceLoginEnded'
}

/** A login that one of the user's other devices is asked to approve: it then encrypts the user key for this browser. */
export class DeviceLogin {
  readonly email: string
  /** SPKI, base64: the phrase that is compared on both devices is made of it. */
  readonly publicKey: string
  /** Of the request: whoever is told that it was answered calls `look`. */
  readonly requestId: string
  readonly #context: LoginContext
  readonly #clock: Clock
  readonly #code: string
  readonly #pair: OneTimePair
  readonly #endsAtMs: number
  #wake = Promise.withResolvers<void>()

  private constructor(
    context: LoginContext,
    { email, clock, id, code, pair }: { email: string; clock: Clock; id: string; code: string; pair: OneTimePair },
  ) {
    this.email = email
    this.publicKey = pair.publicKey
    this.requestId = id
    this.#context = context
    this.#clock = clock
    this.#code = code
    this.#pair = pair
    this.#endsAtMs = clock.now() + LIFETIME_MS
  }

  /** Rejects with an `ApiError`: `Refused` where this browser has never logged in to that account. */
  static async ask(context: LoginContext, typed: string, clock: Clock): Promise<DeviceLogin> {
    const email = typed.trim().toLowerCase()
    const pair = await makeOneTimePair()
    const code = accessCode()
    const { id } = await askToLogIn(context.api, { email, publicKey: pair.publicKey, accessCode: code })
    return new DeviceLogin(context, { email, clock, id, code, pair })
  }

  /**
   * Waits for the answer, and then logs in. A network that fails meanwhile only delays it. Rejects with `DeviceLoginEnded`,
   * another `ApiError`, a `DecryptionError` when the answer is not this account's key, or the signal's reason.
   */
  async answered(signal: AbortSignal): Promise<LoginStep> {
    for (;;) {
      const key = await this.#approvedKey(signal)
      if (key !== null) return this.#logIn(key)
      if (this.#clock.now() >= this.#endsAtMs) throw new DeviceLoginEnded('Nobody has answered')
      await this.#pause(signal)
    }
  }

  /** Asks at once whether it was answered. */
  look(): void {
    this.#wake.resolve()
  }

  /** Null as long as there is none. */
  async #approvedKey(signal: AbortSignal): Promise<string | null> {
    try {
      const answer = await getAuthResponse(this.#context.api, this.requestId, this.#code, { signal })
      return answer.isApproved === true ? answer.key : null
    } catch (error) {
      if (error instanceof Unreachable || error instanceof TooManyRequests) return null
      // It is deleted when it is denied, and when it is too old.
      if (error instanceof Refused) throw new DeviceLoginEnded('The request is gone', { cause: error })
      throw error
    }
  }

  #logIn(key: string): Promise<LoginStep> {
    const login = new Login(this.#context, {
      email: this.email,
      proof: { authRequestId: this.requestId, accessCode: this.#code },
      open: async (_data, answer) => {
        const userKey = await this.#pair.unwrap(key)
        // Nothing else tells that it is this account's.
        const pair = isObject(answer.AccountKeys) ? answer.AccountKeys.publicKeyEncryptionKeyPair : undefined
        const wrapped = isObject(pair) ? textOrNull(pair.wrappedPrivateKey) : textOrNull(answer.PrivateKey)
        if (wrapped !== null) await openPrivateKey(userKey, wrapped)
        return userKey
      },
    })
    return login.attempt()
  }

  /** Until it is time to ask again. */
  async #pause(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const timer = this.#clock.after(ASK_EVERY_MS, () => this.look())
    try {
      await Promise.race([this.#wake.promise, aborted])
    } finally {
      this.#wake = Promise.withResolvers()
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
  }
}
