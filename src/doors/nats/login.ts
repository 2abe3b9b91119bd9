import type { LoginRequest, LoginResult, Principal } from '#auth'
import type { Clock, Logger, Timer } from '#kit'
import type { RemoteAddress } from '#net'
import type { ConnectOptions } from './connect-options.ts'
import type { TlsSnapshot } from './connection-snapshot.ts'
import { type CookieCredentials, withCookies } from './cookies.ts'
import type { ListenerProfile } from './profile.ts'

export interface LoginOptions {
  readonly profile: ListenerProfile
  readonly remote: RemoteAddress
  readonly cookies: CookieCredentials
  readonly client: number
  readonly tls: TlsSnapshot | undefined
  /** What INFO gave the client to sign; empty when nothing. */
  readonly nonce: string
  readonly clock: Clock
  /** Of the client, as it is known by now. */
  readonly log: Logger
  /** The client took too long. */
  onTimeout(): void
}

/** What a connection goes through to prove who it is: one answer for each CONNECT, within a time. */
export class Login {
  readonly #options: LoginOptions
  #timer: Timer | undefined
  #isEnded = false
  #last: { readonly request: LoginRequest; readonly principal: Principal } | undefined

  constructor(options: LoginOptions) {
    this.#options = options
    if (options.profile.authenticator.isRequired) this.#startTimer()
  }

  /**
   * Asks who a client with these options is. `answer` gets nobody when it is refused, which is logged here. It is called
   * at once, or later and `true` is returned; after `end` never.
   */
  attempt(options: ConnectOptions, answer: (principal: Principal | undefined) => void): boolean {
    const request = this.#requestOf(options)
    const result = this.#options.profile.authenticator.login(request)
    if (!(result instanceof Promise)) {
      this.#conclude(request, result, answer)
      return false
    }
    this.#startTimer()
    void this.#settle(request, result).then((settled) => this.#conclude(request, settled, answer))
    return true
  }

  /** Whether whoever this listener now asks would still let the client in that was let in last. */
  async isStillGood({ authenticator }: ListenerProfile): Promise<boolean> {
    if (this.#last === undefined) return true
    return (await authenticator.recheck(this.#last.request, this.#last.principal)).ok
  }

  /** The connection has ended. */
  end(): void {
    this.#isEnded = true
    this.#timer?.cancel()
  }

  async #settle(request: LoginRequest, result: Promise<LoginResult>): Promise<LoginResult> {
    try {
      return await result
    } catch (error) {
      this.#options.log.error({ error, ...described(request) }, 'login failed')
      return { ok: false, reason: 'error' }
    }
  }

  #startTimer(): void {
    const { clock, profile, onTimeout } = this.#options
    this.#timer ??= clock.after(profile.authenticator.timeoutMs, onTimeout)
  }

  #conclude(request: LoginRequest, result: LoginResult, answer: (principal: Principal | undefined) => void): void {
    if (this.#isEnded) return
    this.#timer?.cancel()
    this.#timer = undefined
    if (result.ok) this.#last = { request, principal: result.principal }
    else this.#options.log.warn({ ...described(request), reason: result.reason }, 'login refused')
    answer(result.ok ? result.principal : undefined)
  }

  #requestOf(options: ConnectOptions): LoginRequest {
    const { cookies, nonce, profile, remote, client, tls } = this.#options
    const { user, password, token, jwt, nkey, signature } = withCookies(options, cookies)
    const { name, lang, version, protocol } = options
    const { connectionType } = profile
    return {
      user,
      password,
      token,
      jwt,
      nkey,
      signature,
      nonce,
      connectionType,
      address: remote.address,
      port: remote.port,
      peerCertificate: tls?.peerCertificate,
      client: { id: client, name, lang, version, protocol, tls },
    }
  }
}

/** Who somebody claims to be and by which door, without what would prove it. */
function described({ user, token, jwt, nkey, connectionType }: LoginRequest): Record<string, string> {
  const claim = nkey ? { nkey } : user ? { user } : jwt ? { jwt: '[REDACTED]' } : token ? { token: '[REDACTED]' } : {}
  return { ...claim, connectionType }
}
