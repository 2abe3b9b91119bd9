import { DEFAULT_ACCOUNT } from '#core'
import type { Authenticator, LoginRequest, LoginResult } from './authenticator.ts'
import type { Judgement } from './configured-login.ts'
import { withoutPublishing } from './jwt/index.ts'
import type { CalloutOptions } from './options.ts'

/** Some way to find out who somebody is, and whether they still are. Neither rejects. */
export type Judge = Pick<Authenticator, 'login' | 'recheck'>

/** A service that decides (`spec/nats.md` §4.8). */
export interface CalloutJudge extends Judge {
  /** Whether a user, by name or nkey, logs in without it. */
  isExempt(nameOrNkey: string): boolean
}

/** Where the service is asked: nobody in its account may pretend to be the server. */
export const CALLOUT_SUBJECT = '$SYS.REQ.USER.AUTH'

/**
 * The callout behind the configuration: it is asked about everybody the configuration refuses or puts into the default
 * account, and about those in accounts that it is responsible for; except its own users.
 */
export function delegatedLogin(
  configured: (request: LoginRequest, isNew: boolean) => Judgement,
  callout: CalloutJudge,
  options: CalloutOptions,
): Judge {
  const { account: serviceAccount, allowedAccounts } = options
  const isDelegated = ({ connectionType }: LoginRequest, result: LoginResult): boolean => {
    if (!result.ok || connectionType.startsWith('LEAFNODE')) return true
    const { account } = result.principal
    return account === DEFAULT_ACCOUNT || allowedAccounts.length === 0 || allowedAccounts.includes(account)
  }
  const decide = async (
    { as, result }: Judgement,
    ask: (request: LoginRequest) => LoginResult | Promise<LoginResult>,
  ): Promise<LoginResult> => {
    const known = await result
    if (!isDelegated(as, known)) return known
    const decided = callout.isExempt(nameOf(as)) ? known : await ask(as)
    if (!decided.ok || decided.principal.account !== serviceAccount) return decided
    const permissions = withoutPublishing(decided.principal.permissions, CALLOUT_SUBJECT)
    return { ok: true, principal: { ...decided.principal, permissions } }
  }
  return {
    login: (request) => decide(configured(request, true), (as) => callout.login(as)),
    recheck: (request, principal) => decide(configured(request, false), (as) => callout.recheck(as, principal)),
  }
}

/** As nats-server calls whoever shows this. */
function nameOf({ nkey, user, token }: LoginRequest): string {
  return nkey || user || (token === '' ? '' : '[REDACTED]')
}
