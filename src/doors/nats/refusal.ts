import type { Expiry, LoginCloseReason, LoginRequest, Principal } from '#auth'
import { goQuote } from '#wire/nats'

/** What a client is told, as `-ERR`, that is not let in, or in any longer. Client libraries compare it. */
const TEXTS: Record<LoginCloseReason, string> = {
  'Authentication Failure': 'Authorization Violation',
  'Credentials Revoked': 'User Authentication Revoked',
  'Authentication Expired': 'User Authentication Expired',
  'Missing Account': 'Authorization Violation',
}

/** Why somebody who was let in has to go. */
export interface Objection {
  readonly closeReason: LoginCloseReason
  readonly text: string
  /** For the log. */
  readonly reason: string
  /** The account of the callout whose reason it is. */
  readonly calloutAccount?: string | undefined
}

export function objection(closeReason: LoginCloseReason, reason: string): Objection {
  return { closeReason, text: TEXTS[closeReason], reason }
}

/** The time is up, and nobody said that it goes on. */
export function expired(of: Expiry['of']): Objection {
  const text = of === 'account' ? 'Account Authentication Expired' : 'User Authentication Expired'
  return { closeReason: 'Authentication Expired', text, reason: 'expired' }
}

const PUBLIC_USER_KEY = /^U[A-Z2-7]{55}$/

/** Stands where others have a name. */
const TOKEN_ITSELF = '[REDACTED]'

/** Who somebody says to be, by what and by which name, both true or not. Never a secret. */
export interface Claim {
  readonly kind: 'nkey' | 'user' | 'jwt' | 'token'
  readonly name: string
}

/** In nats-server's order. `undefined`: it said nothing. */
export function claimOf({ nkey, user, jwt, token }: LoginRequest): Claim | undefined {
  if (nkey !== '') return { kind: 'nkey', name: nkey }
  if (user !== '') return { kind: 'user', name: user }
  if (jwt !== '') return { kind: 'jwt', name: subjectOf(jwt) }
  return token === '' ? undefined : { kind: 'token', name: TOKEN_ITSELF }
}

const CLAIM_WORDS: Record<Claim['kind'], string> = { nkey: 'Nkey', user: 'User', jwt: 'JWT User', token: 'Token' }

/** As nats-server's log has it: `User "alice"`. */
export function claimText({ kind, name }: Claim): string {
  return `${CLAIM_WORDS[kind]} ${goQuote(name)}`
}

/** Who was let in, as nats-server's log shows it behind the account: `user:alice`. Empty for nobody in particular. */
export function userLabel({ name }: Principal, request: LoginRequest): string {
  if (name === '') return ''
  const kind = claimOf(request)?.kind ?? (PUBLIC_USER_KEY.test(name) ? 'nkey' : 'user')
  if (kind !== 'token') return `${kind}:${name}`
  // Of some tokens it is known whose they are.
  return name === TOKEN_ITSELF ? 'token' : `user:${name}`
}

/** Whose JWT it says to be; empty when it does not say, or says nonsense. */
function subjectOf(jwt: string): string {
  try {
    const { sub } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { sub?: unknown }
    return typeof sub === 'string' && PUBLIC_USER_KEY.test(sub) ? sub : ''
  } catch {
    return ''
  }
}
