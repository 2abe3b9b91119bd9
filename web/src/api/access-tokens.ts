import { Cell } from '../state/cell.ts'
import { Unauthorized } from './errors.ts'
import type { Tokens } from './tokens.ts'

/** An access token is not used any more when it ends within this time, as in the apps. */
const LEEWAY_MS = 5 * 60_000

export interface AccessTokensOptions {
  /** Gets new tokens for a refresh token; undefined when that is worth nothing any more. */
  readonly exchange: (refreshToken: string) => Promise<Tokens | undefined>
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
  /** The refresh token that all tabs of this browser share; null where there is none. */
  readonly sharedRefreshToken: () => string | null
}

/** What a session's requests are made with, renewed once for all that wait. */
export class AccessTokens {
  /** Null: there is no session, or no more. */
  readonly current = new Cell<Tokens | null>(null)
  readonly #options: AccessTokensOptions
  #renewal: Promise<Tokens> | undefined

  constructor(options: AccessTokensOptions) {
    this.#options = options
  }

  /**
   * One that is good now, and other than `refused`, which the server does not take any more. Rejects with `Unauthorized`
   * when there is no session, with `Unreachable`, and with the signal's reason.
   */
  async get(refused: string | undefined, signal: AbortSignal | undefined): Promise<string> {
    const tokens = this.current.value
    if (tokens === null) throw new Unauthorized()
    const { accessToken, refreshToken, expiresAtMs } = tokens
    const isGood = accessToken !== '' && accessToken !== refused
    // One that cannot be renewed is good until its end.
    if (isGood && (refreshToken === null || this.#options.now() < expiresAtMs - LEEWAY_MS)) return accessToken
    this.#renewal ??= this.#renew(tokens).finally(() => {
      this.#renewal = undefined
    })
    return (await orAborted(this.#renewal, signal)).accessToken
  }

  /** The session is over, unless another one has begun. */
  end(accessToken: string): void {
    if (this.current.value?.accessToken === accessToken) this.current.value = null
  }

  async #renew(tokens: Tokens): Promise<Tokens> {
    const { exchange, sharedRefreshToken } = this.#options
    let refreshToken = sharedRefreshToken() ?? tokens.refreshToken
    while (refreshToken !== null) {
      const renewed = await exchange(refreshToken)
      const current = this.current.value
      // Meanwhile somebody logged out, or in.
      if (current === null) throw new Unauthorized()
      if (current !== tokens) return current
      if (renewed !== undefined) {
        this.current.value = renewed
        return renewed
      }
      // Another tab may have logged in again, which ended this one's token.
      const shared = sharedRefreshToken()
      refreshToken = shared === refreshToken ? null : shared
    }
    this.end(tokens.accessToken)
    throw new Unauthorized()
  }
}

/** What many wait for goes on when one of them does not wait any more. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  signal.throwIfAborted()
  let abort = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
