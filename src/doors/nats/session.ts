import type { Principal } from '#auth'
import type { ClientParser } from '#wire/nats'
import type { ClientLog } from './client-log.ts'
import type { ClientOperations } from './client-operations.ts'
import type { CloseReason } from './close-reason.ts'
import { type ConnectOptions, parseConnect } from './connect-options.ts'
import type { DoorContext } from './context.ts'
import { Login, type LoginOptions } from './login.ts'
import type { ListenerProfile } from './profile.ts'

/** The connection whose client logs in. */
export interface SessionHost {
  /** CONNECT came in, or what stands for it. */
  began(): void
  /** Nothing is read until `goOn`. */
  wait(): void
  /** Does `work` outside of any read, then reads on with what came in meanwhile. */
  goOn(work: () => void): void
  close(reason: CloseReason, errorText?: string): void
}

export interface SessionOptions extends Omit<LoginOptions, 'onTimeout'> {
  readonly host: SessionHost
  readonly context: DoorContext
  readonly operations: ClientOperations
  readonly parser: ClientParser
  readonly log: ClientLog
}

/** Who one client is: from its CONNECT on, or from what stands for one. */
export class Session {
  readonly #host: SessionHost
  readonly #context: DoorContext
  readonly #profile: ListenerProfile
  readonly #operations: ClientOperations
  readonly #parser: ClientParser
  readonly #log: ClientLog
  readonly #login: Login
  #authorizedUser = ''
  #hasConnected = false

  constructor(options: SessionOptions) {
    const { host, context, profile, operations, parser, log } = options
    this.#host = host
    this.#context = context
    this.#profile = profile
    this.#operations = operations
    this.#parser = parser
    this.#log = log
    parser.awaitsConnect = profile.authenticator.isRequired
    this.#login = new Login({
      ...options,
      onTimeout: () => host.close('Authentication Timeout', 'Authentication Timeout'),
    })
  }

  get hasConnected(): boolean {
    return this.#hasConnected
  }

  get authorizedUser(): string | undefined {
    return this.#authorizedUser || undefined
  }

  connect(json: string): void {
    const options = parseConnect(json, this.#operations.options)
    // nats-server closes without a word on a CONNECT it cannot read.
    if (options === undefined) this.#host.close('Protocol Violation')
    else {
      this.#operations.options = options
      this.#logIn(() => this.#connected(options))
    }
  }

  /** Where login is required, there may be a user for those who just begin. */
  startUninvited(): void {
    if (this.#profile.authenticator.hasDefaultUser) this.#logIn(() => {})
    else {
      this.#log.warn({ connectionType: this.#profile.connectionType, reason: 'no CONNECT' }, 'login refused')
      this.#host.close('Authentication Failure', 'Authorization Violation')
    }
  }

  /** Whether its listener, if it were like this, would let the client in again. */
  isStillGood(profile: ListenerProfile): Promise<boolean> {
    return this.#login.isStillGood(profile)
  }

  /** The connection has ended. */
  end(): void {
    this.#login.end()
  }

  /** Goes on with `then` when the client is let in. What it sends until that is known waits. */
  #logIn(then: () => void): void {
    this.#host.began()
    // Whoever it turns out to be now: what it subscribed to before was somebody else's.
    if (this.#hasConnected) this.#operations.subscriptions.clear()
    this.#hasConnected = true
    let isLate = false
    isLate = this.#login.attempt(this.#operations.options, (principal) => {
      const work = () => this.#loggedIn(principal, then)
      if (isLate) this.#host.goOn(work)
      else work()
    })
    if (isLate) this.#host.wait()
  }

  #loggedIn(principal: Principal | undefined, then: () => void): void {
    if (principal === undefined) {
      this.#host.close('Authentication Failure', 'Authorization Violation')
      return
    }
    this.#parser.awaitsConnect = false
    this.#authorizedUser = principal.name
    const { version: clientVersion, lang: clientLang, name: clientName } = this.#operations.options
    const { name: user, account } = principal
    this.#log.describe({ clientVersion, clientLang, clientName, ...(user === '' ? {} : { account, user }) })
    this.#operations.moveTo(this.#context.broker.account(principal.account))
    then()
  }

  #connected(options: ConnectOptions): void {
    const hasHeaders = options.headers && this.#context.limits.supportsHeaders
    this.#operations.options = { ...options, headers: hasHeaders }
    this.#parser.acceptsHeaders = hasHeaders
    if (options.account !== '' || options.newAccount) {
      this.#host.close('Authentication Failure', 'Authorization Violation')
    } else if (options.protocol !== 0 && options.protocol !== 1) {
      this.#host.close('Bad Client Protocol Version', 'invalid client protocol')
    } else if (options.noResponders && !hasHeaders) {
      this.#host.close('No Responders Requires Headers', 'no responders requires headers support')
    } else this.#operations.acknowledge()
  }
}
