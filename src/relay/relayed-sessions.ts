import type { JWTPayload } from 'jose'
import { clientTypeOfDevice } from '#auth'
import { normalGuid } from '#kit'
import { allFor, type ClientType, relayedSubject } from '#notify'
import type { RelayedDevices } from '#store'
import { organizationsOf, scopesOf } from './identity/index.ts'
import type { TokenIssuer } from './token-issuers.ts'

/** Node allows no more for all headers of a request. */
const MAX_TOKEN_CHARACTERS = 16 * 1024

/** Of one device, by its token and by its registration together. */
const MAX_ORGANIZATIONS = 1000

const MAX_IDENTIFIER_LENGTH = 255

/** A device of another server's user, as that server's token vouches for it. */
export interface RelayedSession {
  /** The installation that vouches for it. */
  readonly realm: string
  readonly user: { readonly id: string }
  readonly device: { readonly id: string }
  readonly clientType: ClientType | undefined
  /** What it hears. */
  readonly subjects: readonly string[]
}

/** Turns access tokens of other servers into the sessions that they stand for. */
export class RelayedSessions {
  readonly #issuers: readonly TokenIssuer[]
  readonly #relayedDevices: Pick<RelayedDevices, 'organizationsOf'>

  constructor(issuers: readonly TokenIssuer[], relayedDevices: Pick<RelayedDevices, 'organizationsOf'>) {
    this.#issuers = issuers
    this.#relayedDevices = relayedDevices
  }

  /**
   * Undefined when no installation vouches for the token, or it is no access token of a user. More than its signature
   * and its times cannot be known here: whether the session still holds is known to the other server alone.
   */
  async authenticate(token: string): Promise<RelayedSession | undefined> {
    if (token.length > MAX_TOKEN_CHARACTERS) return undefined
    for (const issuer of this.#issuers) {
      const claims = await issuer.verify(token)
      if (claims !== undefined) return this.#sessionOf(claims, issuer.installationId)
    }
    return undefined
  }

  async #sessionOf(claims: JWTPayload, installationId: string): Promise<RelayedSession | undefined> {
    const userId = normalGuid(claims.sub)
    const { device: identifier, devicetype } = claims
    // Refresh tokens and others of the same issuer have another subject or no scope `api`.
    if (userId === undefined || !scopesOf(claims).includes('api')) return undefined
    if (typeof identifier !== 'string' || identifier === '' || identifier.length > MAX_IDENTIFIER_LENGTH)
      return undefined
    const registered = await this.#relayedDevices.organizationsOf(installationId, userId, identifier)
    const organizations = [...new Set([...organizationsOf(claims), ...registered])].slice(0, MAX_ORGANIZATIONS)
    return {
      realm: installationId,
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
