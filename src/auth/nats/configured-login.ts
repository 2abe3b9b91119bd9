import { DEFAULT_ACCOUNT } from '#core'
import { equalSecrets } from '../compare.ts'
import type { ConnectionType, LoginRequest, LoginResult, Principal } from './authenticator.ts'
import { describeCertificate } from './certificates/certificate-users.ts'
import { verifySignature } from './nkeys.ts'
import type { SimpleAuthorization } from './options.ts'
import type { CheckedFor, PasswordChecker, Verdict } from './passwords/check.ts'
import type { NkeyUser, PasswordUser } from './users.ts'
import { mayComeBy, type UsersTable } from './users-table.ts'

export interface ConfiguredRules {
  readonly table: UsersTable
  /** What counts on this listener: that of the server, or its override. */
  readonly simple: SimpleAuthorization
  /** Users of the table are those whom certificates name, and nobody else. */
  readonly mapsCertificates: boolean
  /** Ways in on which some listener maps certificates. */
  readonly certificateTypes: readonly ConnectionType[]
  /** How long a client waits for its answer. */
  readonly timeoutMs: number
  /** Whether unknown names have to take as long as known ones: not when somebody else is asked about them. */
  readonly hidesNames: boolean
  readonly passwords: PasswordChecker
}

export interface Judgement {
  /** What was judged: with the user that the client turned out to claim to be, by its certificate or by default. */
  readonly as: LoginRequest
  readonly result: LoginResult | Promise<LoginResult>
}

/**
 * Who somebody is by the configuration (`spec/nats.md` §4.1): an nkey of the table, a user of the table by certificate or
 * by name, or who has the one token or is the one user. The first of these that applies decides.
 */
export class ConfiguredLogin {
  readonly #rules: ConfiguredRules

  constructor(rules: ConfiguredRules) {
    this.#rules = rules
  }

  /** `isNew`: not somebody who was let in before, whose password goes through without waiting for others'. */
  judge(request: LoginRequest, isNew: boolean): Judgement {
    const { table, mapsCertificates } = this.#rules
    const defaultUser = this.#defaultUserOf(request)
    if (table.hasNkeys) {
      const nkey = request.nkey || (table.byNkey(defaultUser)?.nkey ?? '')
      if (nkey !== '') return this.#byNkey({ ...request, nkey })
    }
    if (table.hasUsers) {
      if (mapsCertificates) return this.#byCertificate(request, isNew)
      const user = table.byName(defaultUser)
      if (user !== undefined) return this.#asDefault(user, request)
      if (request.user !== '') return this.#byName(request, isNew)
    }
    return { as: request, result: this.#bySimple(request, isNew) }
  }

  /** Whom the client is to be that shows nothing; empty for all others. */
  #defaultUserOf({ user, password, token, nkey }: LoginRequest): string {
    const showsNothing = user === '' && password === '' && token === ''
    const hasKey = this.#rules.table.hasNkeys && nkey !== ''
    return showsNothing && !hasKey ? (this.#rules.simple.noAuthUser ?? '') : ''
  }

  #byNkey(as: LoginRequest): Judgement {
    const { table, simple } = this.#rules
    const { nkey, nonce, signature, connectionType } = as
    const user = table.byNkey(nkey)
    const judged = (result: LoginResult): Judgement => ({ as, result })
    if (user === undefined) return judged(refused('unknown nkey'))
    if (!mayComeBy(user, connectionType)) return judged(refused(notThisWay(connectionType)))
    // Who need not show anything need not sign either.
    if (nkey === simple.noAuthUser) return judged(accepted(nkey, user))
    if (signature === '') return judged(refused('no signature'))
    const isSigned = nonce !== '' && verifySignature(nkey, nonce, signature)
    return judged(isSigned ? accepted(nkey, user) : refused('wrong signature'))
  }

  #byCertificate(request: LoginRequest, isNew: boolean): Judgement {
    const { peerCertificate, connectionType } = request
    const judged = (result: LoginResult): Judgement => ({ as: request, result })
    if (peerCertificate === undefined) return judged(refused('no client certificate'))
    try {
      const user = this.#rules.table.byCertificate(peerCertificate, connectionType)
      if (user === undefined)
        return judged(refused(`no user for certificate "${describeCertificate(peerCertificate)}"`))
      const as = { ...request, user: user.user }
      return { as, result: this.#byPassword(user, as, isNew) }
    } catch {
      return judged(refused('the client certificate cannot be read'))
    }
  }

  #asDefault(user: PasswordUser, request: LoginRequest): Judgement {
    const { connectionType } = request
    const as = { ...request, user: user.user, password: user.password }
    // nats-server compares the configured password with itself, which fails when it is a hash. Nobody wants that.
    const result = mayComeBy(user, connectionType) ? accepted(user.user, user) : refused(notThisWay(connectionType))
    return { as, result }
  }

  #byName(as: LoginRequest, isNew: boolean): Judgement {
    const { table } = this.#rules
    const user = table.byName(as.user)
    const reason = user === undefined ? 'unknown user' : this.#objection(user, as.connectionType)
    if (user !== undefined && reason === undefined) return { as, result: this.#byPassword(user, as, isNew) }
    return { as, result: this.#refuseAsLate(as, reason ?? '', isNew) }
  }

  #objection(user: PasswordUser, type: ConnectionType): string | undefined {
    const { certificateTypes, simple } = this.#rules
    if (!mayComeBy(user, type)) return notThisWay(type)
    const needsCertificate =
      user.password === '' && user.user !== simple.noAuthUser && certificateTypes.some((one) => mayComeBy(user, one))
    return needsCertificate ? 'the user is known by a client certificate only' : undefined
  }

  #byPassword(user: PasswordUser, request: LoginRequest, isNew: boolean): LoginResult | Promise<LoginResult> {
    const verdict = this.#check(user.password, request.password, request, isNew)
    return whenKnown(verdict, (known) => (known === 'right' ? accepted(user.user, user) : refused(reasonOf(known))))
  }

  /** A refusal that takes as long as that of a wrong password. */
  #refuseAsLate(request: LoginRequest, reason: string, isNew: boolean): LoginResult | Promise<LoginResult> {
    const { table, hidesNames } = this.#rules
    const other = hidesNames && isNew ? table.standInFor(request.user) : undefined
    if (other === undefined) return refused(reason)
    return whenKnown(this.#check(other.password, request.password, request, isNew, true), () => refused(reason))
  }

  #bySimple(request: LoginRequest, isNew: boolean): LoginResult | Promise<LoginResult> {
    const { user, password = '', token } = this.#rules.simple
    if (token) {
      const verdict = this.#check(token, request.token, request, isNew)
      return whenKnown(verdict, (known) =>
        known === 'right' ? accepted('[REDACTED]') : refused(reasonOf(known, 'wrong token')),
      )
    }
    if (request.user === '') return refused(this.#hasAnybody ? 'no user' : 'there are no users')
    if (!user) return refused('unknown user')
    // The password is compared whatever the name is, so that the time tells no names.
    const isUser = equalSecrets(request.user, user)
    const verdict = this.#check(password, request.password, request, isNew, !isUser)
    return whenKnown(verdict, (known) => {
      if (!isUser) return refused('unknown user')
      return known === 'right' ? accepted(user) : refused(reasonOf(known))
    })
  }

  get #hasAnybody(): boolean {
    const { table, simple } = this.#rules
    return table.hasUsers || table.hasNkeys || !!simple.user
  }

  #check(secret: string, given: string, { address, user }: LoginRequest, isNew: boolean, pretends = false) {
    const { passwords, timeoutMs: withinMs } = this.#rules
    const by: CheckedFor = { address, name: user, withinMs, pretends }
    if (!isNew && pretends) return 'wrong'
    return passwords.check(secret, given, isNew ? by : undefined)
  }
}

/** For the log. */
function reasonOf(verdict: Exclude<Verdict, 'right'>, ifWrong = 'wrong password'): string {
  if (verdict === 'wrong') return ifWrong
  if (verdict === 'busy') return 'too many passwords are being checked'
  return `the configured hash cannot be checked: ${verdict.problem}`
}

function notThisWay(type: ConnectionType): string {
  return `not allowed for connection type ${type}`
}

export function accepted(name: string, user?: PasswordUser | NkeyUser): LoginResult {
  const principal: Principal = { name, account: user?.account ?? DEFAULT_ACCOUNT }
  return { ok: true, principal: user?.permissions ? { ...principal, permissions: user.permissions } : principal }
}

function refused(reason: string): LoginResult {
  return { ok: false, reason }
}

/** At once where it is known at once. */
function whenKnown<T>(value: T | Promise<T>, then: (value: T) => LoginResult): LoginResult | Promise<LoginResult> {
  return value instanceof Promise ? value.then(then) : then(value)
}
