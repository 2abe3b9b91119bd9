import type { Authenticator, Expiry, LoginRequest, LoginResult, Principal } from '#auth'
import { type Account, DEFAULT_ACCOUNT } from '#core'
import type { ClientLog } from './client-log.ts'
import type { CloseReason } from './close-reason.ts'
import type { ConnectionSnapshot } from './connection-snapshot.ts'
import type { DoorContext } from './context.ts'
import { ExpiryTimer } from './expiry.ts'
import { type Admission, Login, type LoginOptions, type Said } from './login.ts'
import type { ListenerProfile, ProfileHolder } from './profile.ts'
import { claimOf, claimText, expired, type Objection, objection, userLabel } from './refusal.ts'

/** Who a client is that nothing was asked of. */
const ANYBODY: Principal = { name: '', account: DEFAULT_ACCOUNT }

const TOO_MANY_IN_ACCOUNT = 'maximum account active connections exceeded'
/** What nats-server says to those who come too fast; clients try again. */
const THROTTLED = 'Connection throttling is active. Please try again later.'

type Refused = Extract<LoginResult, { ok: false }>

/** Who logs in: a client, or another server that is to become a leaf node. Of a peer this is what accounts know. */
export interface Applicant {
  /** What it said of itself in CONNECT. */
  readonly options: Said
  /** From now on one of the connections of `account`, with all that it has there. False: it would be one too many. */
  enter(account: Account): boolean
  /** No connection of its account any more. */
  leave(): void
  /** Whether its account has more connections like it than it may have by now. */
  readonly isOneTooMany: boolean
  /** It turned out to be somebody else: what it has in its account is not its own. */
  startOver(): void
  /** From now on it may do what `principal` may. False: it cannot go on like that, and was closed. */
  restrict(principal: Principal): boolean
}

/** The connection by which somebody logs in. */
export interface SessionHost {
  /** CONNECT came in, or what stands for it. */
  began(): void
  /** Nothing is read until `goOn`. */
  wait(): void
  /** Does `work` outside of any read, then reads on with what came in meanwhile. */
  goOn(work: () => void): void
  /** Does `work` outside of any read. */
  guard(work: () => void): void
  /** It is let in, and may say more than CONNECT. */
  admitted(): void
  close(reason: CloseReason, errorText?: string): void
  snapshot(): ConnectionSnapshot
}

export interface SessionOptions extends Omit<LoginOptions, 'onTimeout'> {
  readonly host: SessionHost
  readonly applicant: Applicant
  readonly context: Pick<DoorContext, 'broker' | 'clock' | 'observer'>
  readonly listener: ProfileHolder
  readonly log: ClientLog
}

/** Who somebody is, and for how long: from CONNECT on, or from what stands for one. */
export class Session {
  readonly #host: SessionHost
  readonly #applicant: Applicant
  readonly #context: SessionOptions['context']
  readonly #profile: ListenerProfile
  readonly #listener: ProfileHolder
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
    const { host, applicant, context, profile, listener, log, clock } = options
    this.#host = host
    this.#applicant = applicant
    this.#context = context
    this.#profile = profile
    this.#listener = listener
    this.#log = log
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

  /** Asks who it is by its options, and goes on with `then` when it is let in. What it sends until that is known waits. */
  logIn(then: () => void): void {
    this.#host.began()
    this.#hasConnected = true
    this.#question++
    let isLate = false
    // As the rules are now, not as they were when it connected.
    const { authenticator } = this.#listener.current
    const outcome = this.#login.attempt(authenticator, this.#applicant.options, (result, request) => {
      const work = () => this.#answered(request, result, then)
      if (isLate) this.#host.goOn(work)
      else work()
    })
    isLate = outcome === 'later'
    if (isLate) this.#host.wait()
    else if (outcome === 'overloaded') this.#host.close('Maximum Connections Exceeded', THROTTLED)
  }

  /** Where login is required, there may be a user for those who just begin. */
  startUninvited(): void {
    const { hasDefaultUser, isRequired } = this.#listener.current.authenticator
    if (hasDefaultUser || !isRequired) this.logIn(() => {})
    else this.refuse('no CONNECT')
  }

  /** It is not let in, whatever it may prove. `reason` is for the log. */
  refuse(reason: string): void {
    this.#refuse(this.#login.requestOf(this.#applicant.options), objection('Authentication Failure', reason))
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
    if (!this.#applicant.isOneTooMany) return false
    this.#endAsTooMany()
    return true
  }

  /** The connection has ended. */
  end(): void {
    this.#isEnded = true
    this.#login.end()
    this.#expiry.set(undefined)
    this.#applicant.leave()
  }

  #answered(request: LoginRequest, result: LoginResult, then: () => void): void {
    // At login nobody is told more than that it failed, as in nats-server.
    if (!result.ok) {
      const { reason, calloutAccount } = result
      this.#refuse(request, { ...objection('Authentication Failure', reason), calloutAccount })
      return
    }
    const { principal } = result
    // Whoever it turns out to be now: what it subscribed to as somebody else is not its own.
    if (!this.#isStill(principal)) this.#applicant.startOver()
    this.#host.admitted()
    if (!this.#become({ request, principal })) return
    this.#context.observer?.loggedIn(this.#host.snapshot())
    then()
    this.#clearDoubt()
  }

  /** From now on the client is this, and may do what this may. False: there is no room for it, and it was closed. */
  #become(admission: Admission): boolean {
    const { request, principal } = admission
    const account = this.#context.broker.account(principal.account)
    this.#describe(request, principal, account.definition?.nameTag)
    if (!this.#applicant.enter(account)) {
      this.#endAsTooMany()
      return false
    }
    this.#admission = admission
    this.#expiry.set(principal.expiry?.atMs)
    return this.#applicant.restrict(principal)
  }

  #endAsTooMany(): void {
    this.#log.refusedConnection(TOO_MANY_IN_ACCOUNT)
    this.#host.close('Maximum Account Connections Exceeded', TOO_MANY_IN_ACCOUNT)
  }

  /** Who is to be judged by other rules: also somebody of whom nothing was asked, where something is now. */
  #admissionFor({ isRequired }: Authenticator): Admission | undefined {
    if (this.#admission !== undefined || this.#profile.authenticator.isRequired || !isRequired) return this.#admission
    return { request: this.#login.requestOf(this.#applicant.options), principal: ANYBODY }
  }

  #isStill({ name, account }: Principal): boolean {
    const before = this.#admission?.principal ?? (this.#profile.authenticator.isRequired ? undefined : ANYBODY)
    return before?.name === name && before.account === account
  }

  #describe(request: LoginRequest, principal: Principal, nameTag: string | undefined): void {
    const { version: clientVersion, lang: clientLang, name: clientName } = this.#applicant.options
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
