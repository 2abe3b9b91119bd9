import {
  CONNECTION_TYPES,
  type ConnectionType,
  type Expiry,
  type LoginRequest,
  type Principal,
} from '../authenticator.ts'
import {
  type AccountClaims,
  allowedUntilMs,
  hasNoRights,
  isAddressIn,
  isRevoked,
  permissionsOf,
  rightsFromTemplate,
  type ScopeClaim,
  type UserClaims,
  type UserRights,
} from '../jwt/index.ts'
import type { CalloutOptions } from '../options.ts'
import { userOf } from './authorization-request.ts'
import { type CalloutOperator, CalloutRefusal, type CalloutTools } from './options.ts'

const ANY_ACCOUNT = '*'

export interface CalloutUser {
  readonly user: UserClaims
  readonly login: LoginRequest
  readonly options: CalloutOptions
  readonly tools: CalloutTools
}

/** Who the user of an answer is on this server. Rejects with a `CalloutRefusal`. */
export async function calloutPrincipal(decision: CalloutUser): Promise<Principal> {
  const { user, login, tools } = decision
  const { account, rights, defaults, accountUntilMs } =
    tools.operator === undefined ? configuredPlace(decision) : await operatorsPlace(decision, tools.operator)
  const untilMs = checkPresence(rights, login, tools.clock.now(), decision.options.account)
  const userUntilMs = Math.min(untilMs, momentOf(user))
  return {
    name: user.name || userOf(login),
    account,
    permissions: permissionsOf(rights.permissions) ?? defaults,
    limits: {
      // nats-server takes no limits from a callout; where it is not said, there are none.
      maxSubscriptions: rights.subscriptions > 0 ? rights.subscriptions : undefined,
      maxPayloadBytes: rights.payload > 0 ? rights.payload : undefined,
    },
    expiry: expiryAt(userUntilMs, accountUntilMs),
    details: { issuerKey: user.issuerAccount === '' ? account : user.issuer, tags: user.tags },
    calloutUser: user,
  }
}

/** Milliseconds since the epoch. */
function momentOf({ expiresAt }: UserClaims | AccountClaims): number {
  return expiresAt > 0 ? expiresAt * 1000 : Number.POSITIVE_INFINITY
}

function expiryAt(userUntilMs: number, accountUntilMs: number): Expiry | undefined {
  const atMs = Math.min(userUntilMs, accountUntilMs)
  return Number.isFinite(atMs) ? { atMs, of: userUntilMs <= accountUntilMs ? 'user' : 'account' } : undefined
}

interface Place {
  readonly account: string
  readonly rights: UserRights
  /** For who has no permissions of its own. */
  readonly defaults: Principal['permissions']
  /** Milliseconds since the epoch, or Infinity. */
  readonly accountUntilMs: number
}

/** The audience of the JWT is the name of the account. */
function configuredPlace({ user, options, tools }: CalloutUser): Place {
  const service = JSON.stringify(options.account)
  if (user.issuerAccount !== '') {
    throw new CalloutRefusal(`error non operator mode account ${service}: attempted to use issuer_account`)
  }
  if (user.issuer !== options.issuer) {
    throw new CalloutRefusal(
      `wrong issuer for auth callout response on account ${service}, expected ${JSON.stringify(options.issuer)} got ${JSON.stringify(user.issuer)}`,
    )
  }
  if (!tools.hasAccount(user.audience)) throw noAccount(user.audience, options)
  return { account: user.audience, rights: user.rights, defaults: undefined, accountUntilMs: Number.POSITIVE_INFINITY }
}

/** The account is the one that issued the JWT, by itself or by one of its signing keys. */
async function operatorsPlace({ user, options }: CalloutUser, operator: CalloutOperator): Promise<Place> {
  const name = user.issuerAccount || user.issuer
  const { account: service, allowedAccounts } = options
  const isAllowed =
    name === service ||
    (allowedAccounts.length === 1 && allowedAccounts[0] === ANY_ACCOUNT) ||
    allowedAccounts.includes(name)
  if (!isAllowed) {
    throw new CalloutRefusal(
      `account ${JSON.stringify(user.issuer)} not permitted as valid account option for auth callout for account ${JSON.stringify(service)}`,
    )
  }
  const claims = await operator.accountClaims(name)
  if (claims === undefined) throw noAccount(name, options)
  const signer = operator.signerOf(claims, user.issuer)
  if (signer === undefined) throw new CalloutRefusal(`user JWT issuer ${JSON.stringify(user.issuer)} is not known`)
  if (isRevoked(claims.revocations, user.subject, user.issuedAt)) {
    throw new CalloutRefusal('User authentication revoked', { closeReason: 'Credentials Revoked' })
  }
  const defaults = permissionsOf(claims.defaultPermissions)
  return { account: name, rights: rightsOf(user, claims, signer.scope), defaults, accountUntilMs: momentOf(claims) }
}

/** A signing key with a scope gives all its users the same rights. */
function rightsOf(user: UserClaims, account: AccountClaims, scope: ScopeClaim | undefined): UserRights {
  if (scope === undefined) return user.rights
  if (!hasNoRights(user.rights)) {
    throw new CalloutRefusal('user JWT is not valid: scoped users require no permissions or limits set')
  }
  try {
    return rightsFromTemplate(scope.template, user, account)
  } catch (error) {
    throw new CalloutRefusal(`user JWT generated invalid permissions: ${(error as Error).message}`, { cause: error })
  }
}

/** Whether the user may be here, now, by this door; until when. */
function checkPresence(rights: UserRights, login: LoginRequest, nowMs: number, service: string): number {
  if (rights.requiresProxy) throw new CalloutRefusal('proxy connection required')
  if (!mayComeBy(rights.connectionTypes, login.connectionType)) {
    throw new CalloutRefusal(`authorized user on account ${JSON.stringify(service)} using invalid connection type`)
  }
  if (!isAddressIn(rights.networks, login.address)) throw new CalloutRefusal('Bad src Ip')
  const untilMs = allowedUntilMs(rights.times, rights.timesLocation, nowMs)
  if (untilMs === undefined) {
    throw new CalloutRefusal(`authorized user on account ${JSON.stringify(service)} outside of valid connect times`)
  }
  return untilMs
}

/** Types that nobody knows are passed over, unless there are no others. */
function mayComeBy(listed: readonly string[], type: ConnectionType): boolean {
  if (listed.length === 0) return true
  const known = listed.map((one) => one.toUpperCase()).filter((one) => CONNECTION_TYPES.includes(one as ConnectionType))
  return known.includes(type)
}

function noAccount(name: string, { account }: CalloutOptions): CalloutRefusal {
  return new CalloutRefusal(
    `no valid account ${JSON.stringify(name)} for auth callout response on account ${JSON.stringify(account)}`,
  )
}
