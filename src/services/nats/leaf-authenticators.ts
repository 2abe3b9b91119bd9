import {
  type Authenticator,
  authenticatorFor,
  type LoginRequest,
  type LoginResult,
  type Principal,
  type ServerAuthorization,
} from '#auth'
import type { LeafAuthorization, LeafListenerOptions } from '#config'
import { DEFAULT_ACCOUNT } from '#core'
import type { PreparedAuthority } from './authority.ts'

/** Who may come in as a leaf node; `noAuthUser` is that of the `websocket {}` block by which it comes. */
export type LeafAuthenticatorOf = (noAuthUser?: string) => Authenticator

/**
 * Where `leafnodes {}` names anybody, nobody else may come in; otherwise those may who may come as clients, for which the
 * server's own rules count and no override of a `websocket {}` block. (`spec/nats.md` §4.1, §5.6; nats-server:
 * `isLeafNodeAuthorized`)
 */
export function leafAuthenticators(
  { authorization, tls }: Pick<LeafListenerOptions, 'authorization' | 'tls'>,
  main: ServerAuthorization,
  { tools, hasAccount }: Pick<PreparedAuthority, 'tools' | 'hasAccount'>,
): LeafAuthenticatorOf {
  const { timeoutMs, account: openAccount } = authorization
  const named = namedBy(authorization)
  const mapsCertificates = tls?.verifyAndMap && authorization.user === undefined && authorization.nkey === undefined
  const shared = { tlsTimeoutMs: tls?.timeoutMs, mapsCertificates }
  // Users of the vault are no servers.
  const { others: _others, ...asked } = tools
  if (named !== undefined) {
    const { maxFailureDelayMs } = main
    const own = authenticatorFor({ ...shared, main: { ...named, timeoutMs, maxFailureDelayMs } }, asked)
    return () => forServers(hasAccount === undefined ? own : withAccount(own, hasAccount))
  }
  return (noAuthUser = main.noAuthUser) =>
    forServers(authenticatorFor({ ...shared, main: { ...main, timeoutMs, noAuthUser }, openAccount }, asked))
}

/** Every server has to say who it is, if only to be bound to an account, and is given something to sign. */
function forServers(authenticator: Authenticator): Authenticator {
  return { ...authenticator, isRequired: true, usesNonce: true }
}

/** In operator mode an account that `leafnodes {}` names is known only once its JWT has been asked for. */
function withAccount(authenticator: Authenticator, hasAccount: NonNullable<PreparedAuthority['hasAccount']>) {
  const checked = async (given: LoginResult | Promise<LoginResult>): Promise<LoginResult> => {
    const result = await given
    const isKnown = !result.ok || (await hasAccount(result.principal.account))
    return isKnown ? result : { ok: false, reason: 'the account has no JWT' }
  }
  return {
    ...authenticator,
    login: (request: LoginRequest) => checked(authenticator.login(request)),
    recheck: (request: LoginRequest, principal: Principal) => checked(authenticator.recheck(request, principal)),
  }
}

function namedBy({ user, password = '', nkey, users, account = DEFAULT_ACCOUNT }: LeafAuthorization) {
  if (user !== undefined) return { users: [{ user, password, account }] } satisfies ServerAuthorization
  if (nkey !== undefined) return { nkeyUsers: [{ nkey, account }] } satisfies ServerAuthorization
  return users && ({ users } satisfies ServerAuthorization)
}
