import {
  CONNECTION_TYPES,
  type ConnectionType,
  type Expiry,
  type LoginCloseReason,
  type LoginMethod,
  type LoginRequest,
  type LoginResult,
  type Principal,
} from '../authenticator.ts'
import { CALLOUT_SUBJECT, type Judge } from '../delegated-login.ts'
import {
  type AccountClaims,
  allowedUntilMs,
  decodeJwt,
  hasNoRights,
  isAddressIn,
  isRevoked,
  limit,
  obstacleAmong,
  permissionsOf,
  problemsOf,
  rightsFromTemplate,
  type UserClaims,
  type UserRights,
  withoutPublishing,
} from '../jwt/index.ts'
import { verifySignature } from '../nkeys.ts'
import type { CalloutOptions } from '../options.ts'
import type { Accounts } from './accounts.ts'
import { signerOf, type Trust } from './trust.ts'

export interface OperatorLoginOptions {
  readonly trust: Trust
  readonly accounts: Accounts
  /** A user JWT for those who show none. */
  readonly defaultSentinel: string | undefined
  readonly nowMs: () => number
  /** For accounts whose JWT says that a service decides who may come in. */
  readonly calloutFor?: ((options: CalloutOptions) => Judge) | undefined
}

/** What somebody is told who was let in once, where it is more than that authentication failed. */
interface Parting {
  readonly closeReason: LoginCloseReason
  /** Whose time is up, where that is the reason. */
  readonly expired?: Expiry['of']
}

const REVOKED: Parting = { closeReason: 'Credentials Revoked' }
const USER_EXPIRED: Parting = { closeReason: 'Authentication Expired', expired: 'user' }
const ACCOUNT_EXPIRED: Parting = { closeReason: 'Authentication Expired', expired: 'account' }

/** Why somebody may not come in, or stay. For the log, in nats-server's words. */
class Refusal extends Error {
  readonly parting: Parting | undefined

  constructor(reason: string, parting?: Parting) {
    super(reason)
    this.parting = parting
  }
}

type Occasion = 'login' | 'recheck'

/** Whether a signature of the nonce has yet to show that the JWT is the client's own. */
type Proof = 'due' | 'given'

interface Verified {
  readonly token: string
  readonly user: UserClaims
}

/** Logins by user JWTs, checked in nats-server's order. (`spec/nats.md` §4.6) */
export class OperatorLogin implements Judge {
  readonly #options: OperatorLoginOptions
  /** A JWT whose signature was good once need not be verified again at every recheck. */
  readonly #verified = new WeakMap<Principal, Verified>()
  readonly #callouts = new Map<string, { readonly options: string; readonly judge: Judge }>()

  constructor(options: OperatorLoginOptions) {
    this.#options = options
  }

  /** Never rejects. */
  readonly login: LoginMethod = (request) => {
    return this.#attempt('login', async () => {
      const verified = this.#verify(request)
      const account = await this.#accountOf(verified.user)
      const principal = this.#principal(verified, account, request, 'due')
      const callout = this.#calloutOf(account, verified.user)
      if (callout === undefined) return { ok: true, principal }
      return inService(account, await callout.login({ ...request, jwt: verified.token }))
    })
  }

  /**
   * The same JWT against what its account is by now; the nonce was signed once and for all. Of somebody whom others let
   * in, who may not have asked for it, the signature is checked now. Never rejects.
   */
  recheck(request: LoginRequest, principal: Principal): Promise<LoginResult> {
    return this.#attempt('recheck', async () => {
      const known = this.#verified.get(principal)
      const isKnown = known !== undefined && ['', known.token].includes(request.jwt)
      const verified = isKnown ? this.#stillGood(known) : this.#verify(request)
      const account = await this.#accountOf(verified.user)
      const present = this.#principal(verified, account, request, isKnown ? 'given' : 'due')
      const callout = this.#calloutOf(account, verified.user)
      if (callout === undefined) return { ok: true, principal: present }
      return inService(account, await callout.recheck({ ...request, jwt: verified.token }, principal))
    })
  }

  #verify(request: LoginRequest): Verified {
    const { defaultSentinel } = this.#options
    const shown = decodeJwt(request.jwt, 'user')
    const decoded = shown.ok || !defaultSentinel ? shown : decodeJwt(defaultSentinel, 'user')
    if (!decoded.ok) {
      throw new Refusal(request.jwt ? `User JWT not valid: ${decoded.reason}` : 'Authentication requires a user JWT')
    }
    const token = shown.ok ? request.jwt : (defaultSentinel as string)
    return this.#stillGood({ token, user: decoded.claims })
  }

  #stillGood(verified: Verified): Verified {
    const obstacle = obstacleAmong(problemsOf(verified.user, this.#options.nowMs()), true)
    if (obstacle === undefined) return verified
    const parting = obstacle.kind === 'time' ? USER_EXPIRED : undefined
    throw new Refusal(`User JWT no longer valid: ${obstacle.text}`, parting)
  }

  #accountOf(user: UserClaims): Promise<AccountClaims> {
    if (user.rights.requiresProxy) throw new Refusal('proxy connection required')
    const issuer = user.issuerAccount || user.issuer
    if (!this.#options.trust.admits(issuer)) {
      throw new Refusal(`Account ${issuer} not listed as operator pinned account`)
    }
    return this.#lookUp(issuer)
  }

  async #lookUp(account: string): Promise<AccountClaims> {
    const { accounts, trust } = this.#options
    let claims: AccountClaims
    try {
      claims = await accounts.get(account)
    } catch (error) {
      // Of an account that somebody is in this means that it is over: its JWT has expired or was deleted.
      throw new Refusal(`Account JWT lookup error: ${(error as Error).message}`, ACCOUNT_EXPIRED)
    }
    if (!trust.isTrusted(claims.issuer)) throw new Refusal('Account JWT not signed by trusted operator')
    return claims
  }

  #principal({ token, user }: Verified, account: AccountClaims, request: LoginRequest, proof: Proof): Principal {
    const rights = this.#rightsOf(user, account)
    if (rights.requiresProxy) throw new Refusal('proxy connection required')
    if (rights.isBearer && account.limits.disallowsBearer) throw new Refusal('Account does not allow bearer tokens')
    this.#checkConnectionType(rights, request)
    if (!rights.isBearer && proof === 'due') checkSignature(user, request)
    if (isRevoked(account.revocations, user.subject, user.issuedAt)) {
      throw new Refusal('User authentication revoked', REVOKED)
    }
    if (!isAddressIn(rights.networks, request.address)) throw new Refusal(`Bad src Ip ${request.address}`)
    const validUntilMs = this.#checkTimes(rights)
    const permissions = permissionsOf(rights.permissions) ?? permissionsOf(account.defaultPermissions)
    const principal = {
      name: user.subject,
      account: account.subject,
      permissions: asksSomebodyElse(account) ? withoutPublishing(permissions, CALLOUT_SUBJECT) : permissions,
      limits: { maxSubscriptions: limit(rights.subscriptions), maxPayloadBytes: limit(rights.payload) },
      expiry: this.#expiry(user, account, validUntilMs),
      details: {
        // That of a bearer is all it takes to come in: monitoring must not show it.
        jwt: rights.isBearer ? undefined : token,
        issuerKey: user.issuer,
        nameTag: user.name || undefined,
        tags: user.tags.length > 0 ? user.tags : undefined,
      },
    }
    this.#verified.set(principal, { token, user })
    return principal
  }

  /** Those of the user, or of the signing key when that has a scope. */
  #rightsOf(user: UserClaims, account: AccountClaims): UserRights {
    const signer = signerOf(account, user.issuer, this.#options.trust)
    if (signer === undefined) throw new Refusal('User JWT issuer is not known')
    if (signer.scope === undefined) return user.rights
    if (!hasNoRights(user.rights)) {
      throw new Refusal('User JWT is not valid: scoped users require no permissions or limits set')
    }
    try {
      return rightsFromTemplate(signer.scope.template, user, account)
    } catch (error) {
      throw new Refusal(`User JWT generated invalid permissions: ${(error as Error).message}`)
    }
  }

  /** Unknown types are of servers to come: they count for nothing unless there is no other. */
  #checkConnectionType({ connectionTypes }: UserRights, { connectionType }: LoginRequest): void {
    if (connectionTypes.length === 0) return
    const types = connectionTypes.map((type) => type.toUpperCase())
    if (!types.some((type) => CONNECTION_TYPES.includes(type as ConnectionType))) {
      throw new Refusal(`invalid connection types ${JSON.stringify(types)}`)
    }
    if (!types.includes(connectionType)) throw new Refusal('Connection type not allowed')
  }

  #checkTimes({ times, timesLocation }: UserRights): number {
    const untilMs = allowedUntilMs(times, timesLocation, this.#options.nowMs())
    if (untilMs === undefined) throw new Refusal('Outside connect times', USER_EXPIRED)
    return untilMs
  }

  #expiry(user: UserClaims, account: AccountClaims, validUntilMs: number): Expiry | undefined {
    const nowMs = this.#options.nowMs()
    const accountUntilMs = account.expiresAt > 0 ? account.expiresAt * 1000 : Number.POSITIVE_INFINITY
    if (accountUntilMs <= nowMs) throw new Refusal('Account JWT has expired', ACCOUNT_EXPIRED)
    const userUntilMs = user.expiresAt > 0 ? user.expiresAt * 1000 : Number.POSITIVE_INFINITY
    const ownUntilMs = Math.min(userUntilMs, validUntilMs)
    // In its last second a JWT is good, but there is nothing left of it.
    if (ownUntilMs <= nowMs) throw new Refusal('User JWT no longer valid: claim is expired', USER_EXPIRED)
    if (ownUntilMs === Number.POSITIVE_INFINITY && accountUntilMs === Number.POSITIVE_INFINITY) return undefined
    return ownUntilMs <= accountUntilMs ? { atMs: ownUntilMs, of: 'user' } : { atMs: accountUntilMs, of: 'account' }
  }

  /** `undefined`: nobody else is to be asked about the user. */
  #calloutOf(account: AccountClaims, user: UserClaims): Judge | undefined {
    const { authUsers, allowedAccounts, xkey } = account.authorization
    if (!asksSomebodyElse(account) || authUsers.includes(user.subject)) return undefined
    const name = account.subject
    const { calloutFor } = this.#options
    if (calloutFor === undefined) throw new Refusal('No auth callout for the account')
    const options = { issuer: name, authUsers, account: name, xkey: xkey || undefined, allowedAccounts }
    const text = JSON.stringify(options)
    const known = this.#callouts.get(name)
    if (known?.options === text) return known.judge
    const judge = calloutFor(options)
    this.#callouts.set(name, { options: text, judge })
    return judge
  }

  async #attempt(occasion: Occasion, work: () => Promise<LoginResult>): Promise<LoginResult> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      // Nobody is told at the door more than that it stays shut.
      return { ok: false, reason: error.message, ...(occasion === 'recheck' && error.parting) }
    }
  }
}

function asksSomebodyElse({ authorization }: AccountClaims): boolean {
  return authorization.authUsers.length > 0
}

/** Who is put beside the service may not ask it either. */
function inService(account: AccountClaims, result: LoginResult): LoginResult {
  if (!result.ok || result.principal.account !== account.subject) return result
  const permissions = withoutPublishing(result.principal.permissions, CALLOUT_SUBJECT)
  return { ok: true, principal: { ...result.principal, permissions } }
}

function checkSignature(user: UserClaims, { nonce, signature }: LoginRequest): void {
  if (signature === '') throw new Refusal('Signature missing')
  if (nonce === '' || !verifySignature(user.subject, nonce, signature)) throw new Refusal('Signature not verified')
}
