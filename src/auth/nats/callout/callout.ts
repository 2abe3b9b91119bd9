import type { Request } from '#core'
import { encodeHeaders } from '#wire/nats'
import type { LoginRequest, LoginResult, Principal } from '../authenticator.ts'
import { CALLOUT_SUBJECT, type CalloutJudge } from '../delegated-login.ts'
import { encodeJwt, type UserClaims } from '../jwt/index.ts'
import { KeyPair } from '../nkeys.ts'
import type { CalloutOptions } from '../options.ts'
import { Asks } from './asks.ts'
import { authorizationRequest } from './authorization-request.ts'
import { readResponse } from './authorization-response.ts'
import { calloutPrincipal } from './callout-principal.ts'
import { CalloutRefusal, type CalloutTools } from './options.ts'
import { Seal } from './seal.ts'

const XKEY_HEADER = 'Nats-Server-Xkey'

/** So much of the authentication timeout an answer may take: the client is to hear that it is refused, not that it was slow. */
const SHARE_OF_TIMEOUT = 0.9

/** A service in one of the accounts that says who clients are and what they may do. (`spec/nats.md` §4.8) */
export interface Callout extends CalloutJudge {
  login(request: LoginRequest): Promise<LoginResult>
  /**
   * Asks anew, whereby a principal whose time is up may be renewed. In operator mode, before that, the last answer holds
   * as far as the accounts go along with it: who vouches for a user may do so once and no more, and not at any moment.
   */
  recheck(request: LoginRequest, principal: Principal): Promise<LoginResult>
}

/**
 * Asks the service that `options` names. In operator mode `account` and `issuer` are both the public key of the account
 * that has the service, and `allowedAccounts` those it may put clients into, or `*`.
 */
export function createCallout(options: CalloutOptions, tools: CalloutTools): Callout {
  const exempt = new Set(options.authUsers)
  const asks = new Asks()
  const seal = options.xkey === undefined ? undefined : new Seal(tools.server.xkeys, options.xkey)
  const admit = (login: LoginRequest, user: UserClaims) => calloutPrincipal({ user, login, options, tools })
  const ask = (login: LoginRequest) =>
    attempt(options, async () => admit(login, await askService(login, { options, tools, seal })))
  return {
    isExempt: (nameOrNkey) => exempt.has(nameOrNkey),
    async login(login) {
      const result = await asks.newcomer(login.address, () => ask(login))
      return result ?? { ok: false, reason: 'too many authorization requests are under way' }
    },
    recheck(login, { calloutUser: user, expiry }) {
      const isOver = expiry !== undefined && expiry.atMs <= tools.clock.now()
      if (tools.operator === undefined || user === undefined || isOver) return asks.recheck(() => ask(login))
      return attempt(options, () => admit(login, user))
    },
  }
}

/** Who somebody is, or why that cannot be. */
async function attempt({ account }: CalloutOptions, work: () => Promise<Principal>): Promise<LoginResult> {
  try {
    return { ok: true, principal: await work() }
  } catch (error) {
    if (!(error instanceof CalloutRefusal)) throw error
    const { message: reason, closeReason } = error
    return { ok: false, reason, closeReason, calloutAccount: account }
  }
}

interface Question {
  readonly options: CalloutOptions
  readonly tools: CalloutTools
  readonly seal: Seal | undefined
}

/** The user that the service answers with. Rejects with a `CalloutRefusal`. */
async function askService(login: LoginRequest, { options, tools, seal }: Question): Promise<UserClaims> {
  const { account, issuer } = options
  const { clock, server } = tools
  const timeoutMs = tools.timeoutMs * SHARE_OF_TIMEOUT
  const claims = await serviceAccount(account, tools)
  const userNkey = KeyPair.create('user').publicKey
  const request = authorizationRequest({
    issuer,
    userNkey,
    server,
    isSealed: seal !== undefined,
    expiresMs: clock.now() + tools.timeoutMs,
    login,
  })
  const text = Buffer.from(encodeJwt(request, server.keys, clock.now()))
  const answer = await tools.ask(account, messageOf(text, server.xkeys.publicKey, seal), timeoutMs)
  if (answer === undefined) {
    throw new CalloutRefusal(
      `Authorization callout response not received in time on account ${JSON.stringify(account)}`,
    )
  }
  const serverId = server.keys.publicKey
  return readResponse(answer.payload, { userNkey, serverId, account, seal, claims, nowMs: clock.now() })
}

/** What operators say of the account of the service; nothing where accounts are configured. */
async function serviceAccount(account: string, { operator, hasAccount }: CalloutTools) {
  const claims = await operator?.accountClaims(account)
  if (operator === undefined ? hasAccount(account) : claims !== undefined) return claims
  throw new CalloutRefusal(`No valid account ${JSON.stringify(account)} for auth callout request`)
}

function messageOf(jwt: Buffer, xkey: string, seal: Seal | undefined): Request {
  if (seal === undefined) return { subject: CALLOUT_SUBJECT, payload: jwt }
  const headers = encodeHeaders({ headers: new Map([[XKEY_HEADER, [xkey]]]) })
  return { subject: CALLOUT_SUBJECT, headers, payload: seal.close(jwt) }
}
