import { DEFAULT_ACCOUNT } from '#core'
import { ConfigError } from '#kit'
import { equalSecrets } from '../compare.ts'
import type { Authenticator, LoginMethod, LoginRequest, LoginResult } from './authenticator.ts'
import type { ServerAuthorization, SimpleAuthorization } from './options.ts'

export interface ListenerAuthorization {
  /** That of the server. */
  readonly main: ServerAuthorization
  /** That of a `websocket {}` block. */
  readonly override?: SimpleAuthorization | undefined
  /** How long the TLS handshake of the server's own listener may take; `undefined` when it has no TLS. */
  readonly tlsTimeoutMs?: number | undefined
}

const DEFAULT_TIMEOUT_MS = 2_000
const BEYOND_TLS_MS = 1_000

/** What nats-server takes for a bcrypt hash and not for the secret itself. */
const BCRYPT = /^\$2[abxy]\$\d{2}\$/

/**
 * Who may use a listener (`spec/nats.md` §4.2, §4.5). An override that names a user, a token or a `noAuthUser` counts
 * alone: nothing of the main block is asked then. One that does not counts only for its timeout.
 *
 * Throws a `ConfigError` for a secret that is a bcrypt hash: compared as text it would be the password.
 */
export function authenticatorFor({ main, override, tlsTimeoutMs }: ListenerAuthorization): Authenticator {
  const isOverridden = override !== undefined && (!!override.user || !!override.token || !!override.noAuthUser)
  const { user, password, token, noAuthUser } = isOverridden ? override : main
  const timeoutMs =
    override?.timeoutMs ??
    main.timeoutMs ??
    (tlsTimeoutMs === undefined ? DEFAULT_TIMEOUT_MS : tlsTimeoutMs + BEYOND_TLS_MS)
  for (const secret of [password, token]) {
    if (secret !== undefined && BCRYPT.test(secret))
      throw new ConfigError('bcrypt passwords and tokens are not supported')
  }
  const by = (login: LoginMethod, isRequired = true): Authenticator => {
    return { isRequired, timeoutMs, usesNonce: false, hasDefaultUser: false, login, recheck: login }
  }
  if (token) return by((request) => byToken(request, token))
  if (user) return by((request) => byPassword(request, user, password ?? ''))
  // The user it names is none that there is: nobody can be let in.
  if (noAuthUser) return by(() => refused('there are no users'))
  return by(() => accepted(''), false)
}

function byToken(request: LoginRequest, token: string): LoginResult {
  return equalSecrets(request.token, token) ? accepted('[REDACTED]') : refused('wrong token')
}

/** Both are compared whatever the first comparison says, so that the time tells no user names. */
function byPassword(request: LoginRequest, user: string, password: string): LoginResult {
  const isUser = equalSecrets(request.user, user)
  const isPassword = equalSecrets(request.password, password)
  if (!isUser) return refused(request.user === '' ? 'no user' : 'unknown user')
  return isPassword ? accepted(user) : refused('wrong password')
}

function accepted(name: string): LoginResult {
  return { ok: true, principal: { name, account: DEFAULT_ACCOUNT } }
}

function refused(reason: string): LoginResult {
  return { ok: false, reason }
}
