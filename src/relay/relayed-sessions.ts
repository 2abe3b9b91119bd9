import { type JWTPayload, jwtVerify } from 'jose'
import { clientTypeOfDevice } from '#auth'
import { type Clock, normalGuid } from '#kit'
import { allFor, type ClientType, relayedSubject } from '#notify'
import type { RelayedDevices } from '#store'
import type { InstallationIssuer } from './installations.ts'

const LEEWAY_SECONDS = 30

/** Longest token looked at; those of a member of a thousand organizations have some 50 KB. */
const MAX_TOKEN_CHARACTERS = 64 * 1024

/** Of one device, by its token and by its registration together. */
const MAX_ORGANIZATIONS = 1000

const MAX_IDENTIFIER_LENGTH = 255

/** Claims of the official server: ids of the organizations that the user belongs to, by the role in them. */
const ORGANIZATION_CLAIMS = ['orgowner', 'orgadmin', 'orguser', 'orgcustom']

/** A device of another server's user, as that server's token vouches for it. */
export interface RelayedSession {
  readonly installationId: string
  readonly user: { readonly id: string }
  readonly device: { readonly id: string }
  readonly clientType: ClientType | undefined
  /** What it hears. */
  readonly subjects: readonly string[]
}

/** Turns access tokens of other servers into the sessions that they stand for. */
export class RelayedSessions {
  readonly #byIssuer: ReadonlyMap<string, readonly InstallationIssuer[]>
  readonly #relayedDevices: Pick<RelayedDevices, 'organizationsOf'>
  readonly #clock: Clock

  constructor(
    issuers: readonly InstallationIssuer[],
    { relayedDevices, clock }: { relayedDevices: Pick<RelayedDevices, 'organizationsOf'>; clock: Clock },
  ) {
    this.#byIssuer = Map.groupBy(issuers, ({ issuer }) => issuer)
    this.#relayedDevices = relayedDevices
    this.#clock = clock
  }

  /**
   * Undefined when no installation vouches for the token, or it is no access token of a user. More than its signature
   * and its times cannot be known here: whether the session still holds is known to the other server alone.
   */
  async authenticate(token: string): Promise<RelayedSession | undefined> {
    // Servers whose address was never set have all the same issuer, so there may be several keys to try.
    for (const issuer of this.#byIssuer.get(issuerOf(token)) ?? []) {
      const claims = await this.#verify(token, issuer)
      if (claims !== undefined) return this.#sessionOf(claims, issuer.id)
    }
    return undefined
  }

  async #verify(token: string, { issuer, publicKey }: InstallationIssuer): Promise<JWTPayload | undefined> {
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        algorithms: ['RS256'],
        issuer,
        clockTolerance: LEEWAY_SECONDS,
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['exp', 'nbf', 'sub'],
      })
      return payload
    } catch {
      // Every way a token can be wrong has the same answer, so that the answer teaches nothing.
      return undefined
    }
  }

  async #sessionOf(claims: JWTPayload, installationId: string): Promise<RelayedSession | undefined> {
    const userId = normalGuid(claims.sub)
    const { device: identifier, devicetype, scope } = claims
    // Refresh tokens and others of the same issuer have another subject or no scope `api`.
    if (userId === undefined || !textsIn(scope).includes('api')) return undefined
    if (typeof identifier !== 'string' || identifier === '' || identifier.length > MAX_IDENTIFIER_LENGTH)
      return undefined
    const registered = await this.#relayedDevices.organizationsOf(installationId, userId, identifier)
    const claimed = ORGANIZATION_CLAIMS.flatMap((name) => textsIn(claims[name])).flatMap((id) => normalGuid(id) ?? [])
    const organizations = [...new Set([...claimed, ...registered])].slice(0, MAX_ORGANIZATIONS)
    return {
      installationId,
      user: { id: userId },
      device: { id: identifier },
      clientType: typeof devicetype === 'string' ? clientTypeOfDevice(devicetype) : undefined,
      subjects: [
        allFor({ kind: 'user', id: userId }),
        allFor({ kind: 'installation', id: installationId }),
        ...organizations.map((id) => allFor({ kind: 'organization', id })),
      ].map((subject) => relayedSubject(installationId, subject)),
    }
  }
}

/** What a token says of its issuer, true or not. */
function issuerOf(token: string): string {
  if (token.length > MAX_TOKEN_CHARACTERS) return ''
  try {
    const { iss } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { iss?: unknown }
    return typeof iss === 'string' ? iss : ''
  } catch {
    return ''
  }
}

/** Claims with one value are a text in some servers' tokens, and a list of one in others'. */
function textsIn(claim: unknown): readonly string[] {
  const items = Array.isArray(claim) ? claim : [claim]
  return items.filter((item) => typeof item === 'string')
}
