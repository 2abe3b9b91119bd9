import type { Authenticator, LoginRequest, LoginResult, Principal, Session, Sessions } from '#auth'
import type { InProcessClient, Message } from '#core'
import type { Clock } from '#kit'
import { CONTROL_REVOKE, parseRevocation, userSubject, VAULT_ACCOUNT } from '#notify'

/** Subscriptions of one connection: one is enough, a few for those who want them apart. */
const MAX_SUBSCRIPTIONS = 64

/** How long CONNECT may take where only vault users come in; as nats-server's default. */
const TIMEOUT_MS = 2_000

/** An access token has some 900 characters. */
const MAX_TOKEN_CHARACTERS = 8192

/** Signed-in users of the vault as clients of NATS over WebSocket. */
export interface VaultLogin {
  /**
   * Who comes with an access token, as token or as password; `undefined` for whoever shows nothing that looks like one,
   * which costs no cryptography. For rechecks too. Never rejects.
   */
  readonly login: (request: LoginRequest) => Promise<LoginResult> | undefined
  /** For a path where nobody else may come in. */
  readonly authenticator: Authenticator
  /**
   * Has connections rechecked when sessions of their user have ended, all of them or that of a single device, until the
   * returned function is called. Connections of the user's other devices pass. `client` is one of account `VAULT`, where
   * that is said.
   */
  followSessions(client: InProcessClient, recheck: (userId: string) => unknown): () => void
}

/**
 * Who is signed in to the vault may hear of what changes in it, `vault.user.<own id>.>`, and do nothing else, for as
 * long as the access token and its session hold.
 */
export function vaultLogin(sessions: Pick<Sessions, 'authenticate'>, clock: Clock): VaultLogin {
  /** Sessions that were heard to end. */
  let ended = 0

  const loginWith = async (token: string): Promise<LoginResult> => {
    let session: Session | undefined
    let endedBefore: number
    try {
      do {
        // What was read of a session that ends meanwhile may be out of date, and nobody would look at it again.
        endedBefore = ended
        session = await sessions.authenticate(token)
      } while (session !== undefined && ended !== endedBefore)
    } catch (error) {
      return refused(`the vault cannot be asked: ${(error as Error).message}`)
    }
    // Without the leeway that requests have: it would be over as soon as it has begun.
    if (expiryOf(token) * 1000 <= clock.now()) return { ...refused('expired vault token'), closeReason: EXPIRED }
    return session === undefined ? refused('vault token of no session') : { ok: true, principal: principalOf(session) }
  }

  const login = (request: LoginRequest) => {
    if (request.connectionType !== 'WEBSOCKET') return undefined
    const token = [request.token, request.password].find(looksLikeAccessToken)
    return token === undefined ? undefined : loginWith(token)
  }

  const onlyVaultUsers = (request: LoginRequest) => login(request) ?? refused('no vault token')
  return {
    login,
    authenticator: {
      isRequired: true,
      timeoutMs: TIMEOUT_MS,
      usesNonce: false,
      hasDefaultUser: false,
      login: onlyVaultUsers,
      recheck: onlyVaultUsers,
    },
    followSessions(client, recheck) {
      const follow = (subject: string, userOf: (message: Message) => string) =>
        client.subscribe(subject, (message: Message) => {
          ended++
          recheck(userOf(message))
        })
      const stops = [
        follow(ANY_LOG_OUT, ({ subject }) => subject.split('.')[2] ?? ''),
        follow(CONTROL_REVOKE, ({ payload }) => parseRevocation(payload).userId),
      ]
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}

const EXPIRED = 'Authentication Expired'

const ANY_LOG_OUT = userSubject('*', 'LogOut')

function principalOf({ user, claims }: Session): Principal {
  return {
    name: user.id,
    account: VAULT_ACCOUNT,
    permissions: { publish: { allow: [] }, subscribe: { allow: [`vault.user.${user.id}.>`] } },
    limits: { maxSubscriptions: MAX_SUBSCRIPTIONS },
    expiry: { atMs: claims.exp * 1000, of: 'user' },
  }
}

function refused(reason: string): Extract<LoginResult, { ok: false }> {
  return { ok: false, reason }
}

/** Whether it says of itself that it is one. Tokens of NATS users look alike, but are issued by a key. */
function looksLikeAccessToken(text: string): boolean {
  const { iss, sub, sstamp } = claimsOf(text)
  return typeof iss === 'string' && iss.endsWith('|login') && typeof sub === 'string' && typeof sstamp === 'string'
}

/** Seconds since the epoch; 0 when it does not say. Unverified. */
function expiryOf(token: string): number {
  const { exp } = claimsOf(token)
  return typeof exp === 'number' ? exp : 0
}

/** What a JWT says, true or not; nothing of a text that is none. */
function claimsOf(text: string): Record<string, unknown> {
  if (!text.startsWith('ey') || text.length > MAX_TOKEN_CHARACTERS) return {}
  const [, payload, signature] = text.split('.')
  if (payload === undefined || signature === undefined) return {}
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
