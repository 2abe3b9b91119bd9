import type { Authenticator, LoginRequest, LoginResult, Principal } from '#auth'
import type { Clock, Logger, Timer } from '#kit'
import type { RemoteAddress } from '#net'
import type { ConnectOptions } from './connect-options.ts'
import type { TlsSnapshot } from './connection-snapshot.ts'
import { type CookieCredentials, withCookies } from './cookies.ts'
import type { PendingLogins } from './pending-logins.ts'
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
  readonly pending: PendingLogins
  /** Of the client, as it is known by now. */
  readonly log: Logger
  /** The client took too long. */
  onTimeout(): void
}

/** What of CONNECT a login is about. */
export type Said = Pick<
  ConnectOptions,
  'user' | 'password' | 'token' | 'jwt' | 'nkey' | 'signature' | 'name' | 'lang' | 'version' | 'protocol'
>

/** Who was let in, by what it showed. */
export interface Admission {
  readonly request: LoginRequest
  readonly principal: Principal
}

/** What a connection goes through to prove who it is: one answer for each CONNECT, within a time. */
export class Login {
  readonly #options: LoginOptions
  #timer: Timer | undefined
  /** While an answer is waited for. */
  #leave: (() => void) | undefined

  constructor(options: LoginOptions) {
    this.#options = options
    if (options.profile.authenticator.isRequired) this.#startTimer()
  }

  /** An answer is waited for. */
  get isPending(): boolean {
    return this.#leave !== undefined
  }

  /**
   * Asks `authenticator` who a client with these options is. `answer` is called at once (`now`), or `later`, if the connection does not
   * end before; never when too many wait for theirs already.
   */
  attempt(
    authenticator: Authenticator,
    options: Said,
    answer: (result: LoginResult, request: LoginRequest) => void,
  ): 'now' | 'later' | 'overloaded' {
    const request = this.requestOf(options)
    const result = authenticator.login(request)
    if (!(result instanceof Promise)) {
      this.#stopTimer()
      answer(result, request)
      return 'now'
    }
    this.#leave = this.#options.pending.enter(request.address)
    void this.#settled(result).then((settled) => {
      if (!this.isPending) return
      this.#settle()
      answer(settled, request)
    })
    if (!this.isPending) return 'overloaded'
    // As in nats-server, who has said who it is waits for the answer with a time of its own.
    this.#stopTimer()
    this.#startTimer()
    return 'later'
  }

  /** Who somebody is by now. What is thrown is a refusal. */
  async recheck(authenticator: Authenticator, { request, principal }: Admission): Promise<LoginResult> {
    return this.#settled(new Promise((resolve) => resolve(authenticator.recheck(request, principal))))
  }

  requestOf(options: Said): LoginRequest {
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

  /** The connection has ended. */
  end(): void {
    this.#settle()
  }

  /** Nothing is waited for any more. */
  #settle(): void {
    this.#stopTimer()
    this.#leave?.()
    this.#leave = undefined
  }

  async #settled(result: Promise<LoginResult>): Promise<LoginResult> {
    try {
      return await result
    } catch (error) {
      this.#options.log.error({ error }, 'login failed')
      return { ok: false, reason: 'error' }
    }
  }

  #startTimer(): void {
    const { clock, profile, onTimeout } = this.#options
    this.#timer ??= clock.after(profile.authenticator.timeoutMs, onTimeout)
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
