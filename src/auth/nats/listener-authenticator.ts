import { DEFAULT_ACCOUNT } from '#core'
import type { Authenticator, ConnectionType, LoginRequest, LoginResult } from './authenticator.ts'
import { ConfiguredLogin } from './configured-login.ts'
import { type CalloutJudge, delegatedLogin, type Judge } from './delegated-login.ts'
import { type LoginFailures, slowedDown } from './login-failures.ts'
import type { ServerAuthorization, SimpleAuthorization } from './options.ts'
import { type PasswordChecker, passwords as sharedPasswords } from './passwords/check.ts'
import { UsersTable } from './users-table.ts'

export interface ListenerAuthorization {
  /** That of the server. */
  readonly main: ServerAuthorization
  /** That of a `websocket {}` block. */
  readonly override?: SimpleAuthorization | undefined
  /** How long the TLS handshake of the server's own listener may take; `undefined` when it has no TLS. */
  readonly tlsTimeoutMs?: number | undefined
  /** The listener's own `verify_and_map`: its users are those whom client certificates name. */
  readonly mapsCertificates?: boolean | undefined
  /**
   * The ways in on which some listener of the server has `verify_and_map`: a user without a password that may come by one
   * of them is known by a certificate, and by nothing on the others.
   */
  readonly certificateTypes?: readonly ConnectionType[] | undefined
  /** Of those of whom nothing is asked; default: `$G`. */
  readonly openAccount?: string | undefined
}

/** Who is asked beside the configuration. */
export interface AuthenticatorTools {
  /** Where `main.operator` is: it alone is asked. */
  readonly operator?: Judge | undefined
  /** Where `main.callout` is. */
  readonly callout?: CalloutJudge | undefined
  /** Without it nobody is slowed down. */
  readonly failures?: LoginFailures | undefined
  /** Asked before all others; `undefined`: not mine. */
  readonly others?: readonly ((request: LoginRequest) => LoginResult | Promise<LoginResult> | undefined)[] | undefined
  /** Default: one for the process. */
  readonly passwords?: PasswordChecker | undefined
}

const DEFAULT_TIMEOUT_MS = 2_000
const BEYOND_TLS_MS = 1_000

/**
 * Who may use a listener (`spec/nats.md` §4.1, §4.5). An override that names a user, a token or a `noAuthUser` counts in
 * place of these three of the server, whose table of users stays; one that does not counts only for its timeout.
 *
 * Throws an `Error` when the tools lack the operator mode or the callout that the authorization demands.
 */
export function authenticatorFor(listener: ListenerAuthorization, tools: AuthenticatorTools = {}): Authenticator {
  const { main } = listener
  const { others = [], failures } = tools
  const simple = simpleOf(listener)
  const timeoutMs = authTimeoutMs(listener)
  const judge = judgeFor(listener, tools)
  const ask = (request: LoginRequest) => firstAnswer(others, request)
  const authenticator: Authenticator = {
    isRequired: isRequired(listener),
    timeoutMs,
    usesNonce: main.operator !== undefined || (main.nkeyUsers ?? []).length > 0,
    hasDefaultUser: main.operator === undefined && isListed(main, simple.noAuthUser),
    isDefaultUserImplied: simple.isNoAuthUserImplied,
    login: (request) => ask(request) ?? judge.login(request),
    recheck: (request, principal) => ask(request) ?? judge.recheck(request, principal),
  }
  const maxDelayMs = () => main.maxFailureDelayMs ?? Number.POSITIVE_INFINITY
  return failures === undefined ? authenticator : slowedDown(authenticator, { failures, maxDelayMs })
}

function judgeFor(listener: ListenerAuthorization, tools: AuthenticatorTools): Judge {
  const { main, mapsCertificates = false, certificateTypes = [] } = listener
  const { operator, callout, passwords = sharedPasswords } = tools
  if (main.operator !== undefined) return operator ?? missing('operator mode')
  const configured = isRequired(listener)
    ? new ConfiguredLogin({
        table: new UsersTable(main.users, main.nkeyUsers),
        simple: simpleOf(listener),
        mapsCertificates,
        certificateTypes,
        timeoutMs: authTimeoutMs(listener),
        hidesNames: main.callout === undefined,
        passwords,
      })
    : open(listener.openAccount)
  if (main.callout !== undefined) {
    const judge = (request: LoginRequest, isNew: boolean) => configured.judge(request, isNew)
    return delegatedLogin(judge, callout ?? missing('auth callout'), main.callout)
  }
  return {
    login: (request) => configured.judge(request, true).result,
    recheck: (request) => configured.judge(request, false).result,
  }
}

/** Nothing is asked: whatever anybody shows is not looked at. */
function open(account = DEFAULT_ACCOUNT): Pick<ConfiguredLogin, 'judge'> {
  const result: LoginResult = { ok: true, principal: { name: '', account } }
  return { judge: (request) => ({ as: request, result }) }
}

function simpleOf({ main, override }: ListenerAuthorization): SimpleAuthorization {
  return isOverridden(override) ? override : main
}

function isOverridden(override: SimpleAuthorization | undefined): override is SimpleAuthorization {
  return override !== undefined && (!!override.user || !!override.token || !!override.noAuthUser)
}

/** A table in which nobody is asks for nothing, as in nats-server. */
function isRequired(listener: ListenerAuthorization): boolean {
  const { operator, users = [], nkeyUsers = [] } = listener.main
  const { user, token, noAuthUser } = listener.main
  const hasTable = operator !== undefined || users.length > 0 || nkeyUsers.length > 0
  return hasTable || !!user || !!token || !!noAuthUser || isOverridden(listener.override)
}

/** Milliseconds from INFO to CONNECT, and from there to the answer. */
export function authTimeoutMs({ main, override, tlsTimeoutMs }: ListenerAuthorization): number {
  const byDefault = tlsTimeoutMs === undefined ? DEFAULT_TIMEOUT_MS : tlsTimeoutMs + BEYOND_TLS_MS
  return override?.timeoutMs ?? main.timeoutMs ?? byDefault
}

function isListed({ users = [], nkeyUsers = [] }: ServerAuthorization, name: string | undefined): boolean {
  return !!name && (users.some(({ user }) => user === name) || nkeyUsers.some(({ nkey }) => nkey === name))
}

function firstAnswer(others: NonNullable<AuthenticatorTools['others']>, request: LoginRequest) {
  for (const ask of others) {
    const answer = ask(request)
    if (answer !== undefined) return answer
  }
  return undefined
}

function missing(what: string): never {
  throw new Error(`The authorization demands ${what}, and nobody handed it in`)
}
