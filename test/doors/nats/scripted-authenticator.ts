import type { Authenticator, LoginRequest, LoginResult, Principal } from '#auth'

/** Lets those in by the name they give whom a test has put there, as what it says; whatever password they show. */
export class ScriptedAuthenticator implements Authenticator {
  readonly isRequired = true
  readonly timeoutMs: number
  readonly usesNonce = true
  readonly hasDefaultUser = false
  readonly requests: LoginRequest[] = []
  /** By `user` of CONNECT. May be changed at any time. */
  readonly principals: Map<string, Partial<Principal>>
  /** What rechecks are answered, by `user`; default: as a login. */
  readonly rechecks = new Map<string, () => LoginResult | Promise<LoginResult>>()

  constructor(principals: Readonly<Record<string, Partial<Principal>>> = {}, { timeoutMs = 60_000 } = {}) {
    this.principals = new Map(Object.entries(principals))
    this.timeoutMs = timeoutMs
  }

  login(request: LoginRequest): LoginResult {
    this.requests.push(request)
    const principal = this.principals.get(request.user)
    if (principal === undefined) return { ok: false, reason: 'unknown user' }
    return { ok: true, principal: { name: request.user, account: 'A', ...principal } }
  }

  recheck(request: LoginRequest): LoginResult | Promise<LoginResult> {
    return this.rechecks.get(request.user)?.() ?? this.login(request)
  }
}

/** CONNECT of such a user, who wants no `+OK`. */
export function connectAs(user: string, options: object = {}): string {
  const fields = { verbose: false, pedantic: false, headers: true, no_responders: true, user, pass: 'p', ...options }
  return `CONNECT ${JSON.stringify(fields)}\r\n`
}
