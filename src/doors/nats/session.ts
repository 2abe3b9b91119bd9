import type { Authenticator, Expiry, LoginRequest, LoginResult, Principal } from '#auth'
import { DEFAULT_ACCOUNT } from '#core'
import type { ClientParser } from '#wire/nats'
import type { ClientLog } from './client-log.ts'
import type { ClientOperations } from './client-operations.ts'
import type { CloseReason } from './close-reason.ts'
import { type ConnectOptions, parseConnect } from './connect-options.ts'
import type { ConnectionSnapshot } from './connection-snapshot.ts'
import type { DoorContext } from './context.ts'
import { ExpiryTimer } from './expiry.ts'
import { type Admission, Login, type LoginOptions } from './login.ts'
import type { ListenerProfile, ProfileHolder } from './profile.ts'
import { claimOf, claimText, expired, type Objection, objection, userLabel } from './refusal.ts'
import { TOO_MANY_SUBSCRIPTIONS } from './violations.ts'

/** Who a client is that nothing was asked of. */
const ANYBODY: Principal = { name: '', account: DEFAULT_ACCOUNT }

const TOO_MANY_IN_ACCOUNT = 'maximum account active connections exceeded'
/** What nats-server says to those who come too fast; clients try again. */
const THROTTLED = 'Connection throttling is active. Please try again later.'

type Refused = Extract<LoginResult, { ok: false }>

/** The connection whose client logs in. */
export interface SessionHost {
  /** CONNECT came in, or what stands for it. */
  began(): void
  /** Nothing is read until `goOn`. */
  wait(): void
  /** Does `work` outside of any read, then reads on with what came in meanwhile. */
  goOn(work: () => void): void
  /** Does `work` outside of any read. */
  guard(work: () => void): void
  /** The client may be allowed more or less in one message now. */
  limitsChanged(): void
  close(reason: CloseReason, errorText?: string): void
  snapshot(): ConnectionSnapshot
}

export interface SessionOptions extends Omit<LoginOptions, 'onTimeout'> {
  readonly host: SessionHost
  readonly context: DoorContext
  readonly listener: ProfileHolder
  readonly operations: ClientOperations
  readonly parser: ClientParser
  readonly log: ClientLog
}

/** Who one client is, and for how long: from its CONNECT on, or from what stands for one. */
export class Session {
  readonly #host: SessionHost
  readonly #context: DoorContext
  readonly #profile: ListenerProfile
  readonly #listener: ProfileHolder
  readonly #operations: ClientOperations
  readonly #parser: ClientParser
  readonly #log: ClientLog
  readonly #login: Login
  readonly #expiry: ExpiryTimer
  #admission: Admission | undefined
  #hasConnected = false
  /** Goes up with each question; an answer that comes after a later question was put is out of date. */
  #question = 0
  /** Rules have changed while a login was under way that may have been judged by the old ones. */
  #isDoubtful = false
  #isRenewing = false
  #isEnded = false

  constructor(options: SessionOptions) {
    const { host, context, profile, listener, operations, parser, log, clock } = options
    this.#host = host
    this.#context = context
    this.#profile = profile
    this.#listener = listener
    this.#operations = operations
    this.#parser = parser
    this.#log = log
    parser.awaitsConnect = profile.authenticator.isRequired
    this.#expiry = new ExpiryTimer(clock, () => void this.#renew())
    const onTimeout = () => host.close('Authentication Timeout', 'Authentication Timeout')
    this.#login = new Login({ ...options, onTimeout })
  }

  get hasConnected(): boolean {
    return this.#hasConnected
  }

  /** Who was let in; `undefined`: nobody so far. */
  get admission(): Admission | undefined {
    return this.#admission
  }

  /** An answer is waited for, and may be about anybody. */
  get isLoggingIn(): boolean {
    return this.#login.isPending
  }

  connect(json: string): void {
    const options = parseConnect(json, this.#operations.options)
    // nats-server closes without a word on a CONNECT it cannot read.
    if (options === undefined) this.#host.close('Protocol Violation')
    else {
      this.#operations.options = options
      this.#logIn((request) => this.#connected(options, request))
    }
  }

  /** Where login is required, there may be a user for those who just begin. */
  startUninvited(): void {
    const { hasDefaultUser, isRequired } = this.#listener.current.authenticator
    if (hasDefaultUser || !isRequired) this.#logIn(() => {})
    else
      this.#refuse(this.#login.requestOf(this.#operations.options), objection('Authentication Failure', 'no CONNECT'))
  }

  /** Why its listener, if it were like this, would not let the client in again. Nothing comes of it. */
  async objection({ authenticator }: ListenerProfile): Promise<Objection | undefined> {
    const admission = this.#admissionFor(authenticator)
    if (admission === undefined) return undefined
    const result = await this.#login.recheck(authenticator, admission)
    return result.ok ? undefined : objectionOf(result)
  }

  /**
   * Asks its listener who the client is by now. It goes on as that, with its subscriptions as far as they are allowed,
   * or is closed, which is what this resolves with. Whoever has yet to log in is not asked: it will be by these rules.
   */
  async recheck(): Promise<boolean> {
    const admission = this.#admissionFor(this.#listener.current.authenticator)
    if (this.#login.isPending || this.#isRenewing) {
      this.#isDoubtful = true
      return false
    }
    if (admission === undefined) return false
    const result = await this.#askAgain(admission)
    if (result === undefined) return false
    this.#host.guard(() => {
      if (result.ok) this.#become({ ...admission, principal: result.principal })
      else this.#refuse(admission.request, objectionOf(result))
    })
    return this.#isEnded
  }

  /** Ends when its account has more connections than it may have by now, which is what this returns. */
  endIfTooMany(): boolean {
    const { connectionCount, limits } = this.#operations.account
    if (connectionCount <= (limits.maxConnections ?? Number.POSITIVE_INFINITY)) return false
    this.#endAsTooMany()
    return true
  }

  /** The connection has ended. */
  end(): void {
    this.#isEnded = true
    this.#login.end()
    this.#expiry.set(undefined)
    this.#operations.leave()
  }

  /** Goes on with `then` when the client is let in. What it sends until that is known waits. */
  #logIn(then: (request: LoginRequest) => void): void {
    this.#host.began()
    this.#hasConnected = true
    this.#question++
    let isLate = false
    // As the rules are now, not as they were when it connected.
    const { authenticator } = this.#listener.current
    const outcome = this.#login.attempt(authenticator, this.#operations.options, (result, request) => {
      const work = () => this.#answered(request, result, then)
      if (isLate) this.#host.goOn(work)
      else work()
    })
    isLate = outcome === 'later'
    if (isLate) this.#host.wait()
    else if (outcome === 'overloaded') this.#host.close('Maximum Connections Exceeded', THROTTLED)
  }

  #answered(request: LoginRequest, result: LoginResult, then: (request: LoginRequest) => void): void {
    // At login nobody is told more than that it failed, as in nats-server.
    if (!result.ok) {
      const { reason, calloutAccount } = result
      this.#refuse(request, { ...objection('Authentication Failure', reason), calloutAccount })
      return
    }
    const { principal } = result
    // Whoever it turns out to be now: what it subscribed to as somebody else is not its own.
    if (!this.#isStill(principal)) this.#operations.subscriptions.clear()
    this.#parser.awaitsConnect = false
    if (!this.#become({ request, principal })) return
    this.#context.observer?.loggedIn(this.#host.snapshot())
    then(request)
    this.#clearDoubt()
  }

  #connected(options: ConnectOptions, request: LoginRequest): void {
    const hasHeaders = options.headers && this.#context.limits.supportsHeaders
    this.#operations.options = { ...options, headers: hasHeaders }
    this.#parser.acceptsHeaders = hasHeaders
    if (options.account !== '' || options.newAccount) {
      this.#refuse(request, objection('Authentication Failure', 'CONNECT names an account'))
    } else if (options.protocol !== 0 && options.protocol !== 1) {
      this.#host.close('Bad Client Protocol Version', 'invalid client protocol')
    } else if (options.noResponders && !hasHeaders) {
      this.#host.close('No Responders Requires Headers', 'no responders requires headers support')
    } else this.#operations.acknowledge()
  }

  /** From now on the client is this, and may do what this may. False: there is no room for it, and it was closed. */
  #become(admission: Admission): boolean {
    const { request, principal } = admission
    const account = this.#context.broker.account(principal.account)
    this.#describe(request, principal, account.definition?.nameTag)
    if (!this.#operations.enter(account)) {
      this.#endAsTooMany()
      return false
    }
    this.#admission = admission
    this.#operations.restrict(principal)
    this.#host.limitsChanged()
    this.#expiry.set(principal.expiry?.atMs)
    if (!this.#operations.isBeyondSubscriptions) return true
    this.#host.close('Maximum Subscriptions Exceeded', TOO_MANY_SUBSCRIPTIONS.told)
    return false
  }

  #endAsTooMany(): void {
    this.#log.refusedConnection(TOO_MANY_IN_ACCOUNT)
    this.#host.close('Maximum Account Connections Exceeded', TOO_MANY_IN_ACCOUNT)
  }

  /** Who is to be judged by other rules: also somebody of whom nothing was asked, where something is now. */
  #admissionFor({ isRequired }: Authenticator): Admission | undefined {
    if (this.#admission !== undefined || this.#profile.authenticator.isRequired || !isRequired) return this.#admission
    return { request: this.#login.requestOf(this.#operations.options), principal: ANYBODY }
  }

  #isStill({ name, account }: Principal): boolean {
    const before = this.#admission?.principal ?? (this.#profile.authenticator.isRequired ? undefined : ANYBODY)
    return before?.name === name && before.account === account
  }

  #describe(request: LoginRequest, principal: Principal, nameTag: string | undefined): void {
    const { version: clientVersion, lang: clientLang, name: clientName } = this.#operations.options
    const user = userLabel(principal, request)
    const account = nameTag === undefined ? principal.account : `${principal.account}/${nameTag}`
    this.#log.describe({ clientVersion, clientLang, clientName, ...(user === '' ? {} : { account, user }) })
  }

  /** The time of whom it is is up, unless it is given more. Meanwhile nothing is taken from the client. */
  async #renew(): Promise<void> {
    const admission = this.#admission
    const expiry = admission?.principal.expiry
    // Who logs in anew is about to be somebody with a time of its own.
    if (admission === undefined || expiry === undefined || this.#login.isPending) return
    this.#isRenewing = true
    this.#host.wait()
    const { clock } = this.#context
    const late = Promise.withResolvers<undefined>()
    const timer = clock.after(this.#listener.current.authenticator.timeoutMs, () => late.resolve(undefined))
    const result = await Promise.race([this.#askAgain(admission), late.promise])
    timer.cancel()
    this.#isRenewing = false
    this.#host.goOn(() => {
      if (result?.ok && isLater(result.principal.expiry, expiry)) {
        if (this.#become({ ...admission, principal: result.principal })) this.#clearDoubt()
      } else if (result?.ok === false && result.closeReason === 'Credentials Revoked') {
        this.#refuse(admission.request, objectionOf(result))
      } else this.#refuse(admission.request, expired(expiry.of))
    })
  }

  /** `undefined`: the answer matters no more. */
  async #askAgain(admission: Admission): Promise<LoginResult | undefined> {
    const question = ++this.#question
    const result = await this.#login.recheck(this.#listener.current.authenticator, admission)
    return this.#isEnded || question !== this.#question ? undefined : result
  }

  /** Asks about what was judged while the rules changed. */
  #clearDoubt(): void {
    if (!this.#isDoubtful) return
    this.#isDoubtful = false
    void this.recheck()
  }

  #refuse(request: LoginRequest, { closeReason, text, reason, calloutAccount }: Objection): void {
    const claim = claimOf(request)
    if (closeReason === 'Authentication Failure') this.#log.refusedLogin({ claim: claim && claimText(claim), reason })
    else this.#log.info({ reason }, text)
    const connection = { ...this.#host.snapshot(), authorizedUser: claim?.name, reason: closeReason }
    this.#context.observer?.loginRefused(connection, reason, calloutAccount)
    this.#host.close(closeReason, text)
  }
}

function objectionOf({ closeReason = 'Authentication Failure', reason, expired: of }: Refused): Objection {
  return of === 'account' ? { ...expired(of), reason } : objection(closeReason, reason)
}

function isLater(expiry: Expiry | undefined, than: Expiry): boolean {
  return expiry === undefined || expiry.atMs > than.atMs
}
