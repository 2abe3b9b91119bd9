import type { JWTPayload } from 'jose'
import type { Clock } from '#kit'
import type { Device, User } from '#store'
import { deviceTypeName, isMobile } from './device-types.ts'
import { JwtIssuer } from './jwt-issuer.ts'
import { loadSigningKey, type SigningKey } from './signing-key.ts'
import { LEEWAY_SECONDS } from './verify-jwt.ts'

const ACCESS_TTL_SECONDS = 2 * 3600
const REFRESH_TTL_SECONDS = 30 * 86_400
const MOBILE_REFRESH_TTL_SECONDS = 90 * 86_400
const REGISTER_TTL_SECONDS = 30 * 60

/** What an access token says, by the names on the wire (spec/vault.md §2.4.5). */
export interface AccessClaims {
  readonly sub: string
  readonly premium: boolean
  readonly name: string
  readonly email: string
  readonly email_verified: boolean
  /** The user's security stamp when the token was issued. */
  readonly sstamp: string
  /** The device's id, which becomes the ContextId of what it causes. */
  readonly device: string
  readonly devicetype: string
  readonly client_id: string
  readonly scope: readonly string[]
  readonly amr: readonly string[]
  /** Seconds since the epoch. */
  readonly exp: number
  readonly nbf: number
}

export interface RefreshClaims {
  /** How the session began. */
  readonly sub: 'password'
  /** `devices.refresh_token`. */
  readonly device_token: string
}

/** Proof that the first step of a registration was taken. */
export interface RegisterClaims {
  /** The e-mail address. */
  readonly sub: string
  readonly name: string | null
  /** Whether the address was proven by a mail. */
  readonly verified: boolean
}

/** What a session may do, and as which client. */
export interface AccessGrant {
  readonly clientId: string
  readonly scope: readonly string[]
  /** Whether the user's address counts as proven; default: it does, as without mail, where nobody can prove one. */
  readonly emailVerified?: boolean
}

export interface IssuedToken {
  readonly token: string
  readonly expiresInSeconds: number
}

/** At about 1 KB each: a few MB. */
const MAX_VERIFIED_TOKENS = 4096

/**
 * Signs and checks the server's JSON Web Tokens: RS256, no audience, no key id, the issuer naming the kind, so that the
 * tokens of a Vaultwarden with the same key and origin stay good, and the other way round.
 */
export class Tokens {
  readonly #issuer: JwtIssuer
  readonly #clock: Clock
  /** Access tokens with a good signature. The oldest goes first. */
  readonly #verified = new Map<string, AccessClaims>()

  /** `keyFile` is made when it is missing; `origin` is scheme, host and port of DOMAIN. Throws ConfigError. */
  static async load(options: { keyFile: string; origin: string; clock: Clock }): Promise<Tokens> {
    return new Tokens(await loadSigningKey(options.keyFile), options.origin, options.clock)
  }

  constructor(key: SigningKey, origin: string, clock: Clock) {
    this.#issuer = new JwtIssuer(key, origin, clock)
    this.#clock = clock
  }

  async issueAccess(
    user: User,
    device: Device,
    { clientId, scope, emailVerified = true }: AccessGrant,
  ): Promise<IssuedToken> {
    const token = await this.#issuer.sign('login', ACCESS_TTL_SECONDS, {
      sub: user.id,
      premium: true,
      name: user.name,
      email: user.email,
      email_verified: emailVerified,
      sstamp: user.securityStamp,
      device: device.id,
      devicetype: deviceTypeName(device.type),
      client_id: clientId,
      scope: [...scope],
      amr: ['Application'],
    })
    return { token, expiresInSeconds: ACCESS_TTL_SECONDS }
  }

  /** The device's refresh value in a signed wrapper; the value itself changes only with the security stamp. */
  issueRefresh(device: Device): Promise<string> {
    const ttlSeconds = isMobile(device.type) ? MOBILE_REFRESH_TTL_SECONDS : REFRESH_TTL_SECONDS
    return this.#issuer.sign('login', ttlSeconds, { sub: 'password', device_token: device.refreshToken, token: null })
  }

  issueRegister(claims: RegisterClaims): Promise<string> {
    return this.#issuer.sign('register_verify', REGISTER_TTL_SECONDS, { ...claims })
  }

  /**
   * Checks signature, issuer and times only; whether the session still holds is `Sessions.authenticate`. A token comes
   * with every request of its client, and its signature stays what it is, so that is checked once.
   */
  async verifyAccess(token: string): Promise<AccessClaims | undefined> {
    const known = this.#verified.get(token)
    if (known !== undefined && this.#isCurrent(known)) return known
    const claims = await this.#issuer.verify('login', token)
    // The issuer is shared with refresh tokens: what tells them apart is what they carry.
    if (!claims || !hasTexts(claims, ['sub', 'sstamp', 'device'])) return undefined
    const access = claims as unknown as AccessClaims
    if (this.#verified.size >= MAX_VERIFIED_TOKENS) this.#verified.delete(this.#verified.keys().next().value!)
    this.#verified.set(token, access)
    return access
  }

  async verifyRefresh(token: string): Promise<RefreshClaims | undefined> {
    const claims = await this.#issuer.verify('login', token)
    // Sessions begun through single sign-on ('sso') end here: there is nobody to ask whether they still hold.
    return claims?.sub === 'password' && hasTexts(claims, ['device_token'])
      ? (claims as unknown as RefreshClaims)
      : undefined
  }

  async verifyRegister(token: string): Promise<RegisterClaims | undefined> {
    const claims = await this.#issuer.verify('register_verify', token)
    if (!claims || !hasTexts(claims, ['sub'])) return undefined
    const { sub, name, verified } = claims
    return { sub: sub as string, name: typeof name === 'string' ? name : null, verified: verified === true }
  }

  #isCurrent({ nbf, exp }: AccessClaims): boolean {
    const now = this.#nowSeconds()
    return now >= nbf - LEEWAY_SECONDS && now < exp + LEEWAY_SECONDS
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.now() / 1000)
  }
}

const hasTexts = (claims: JWTPayload, names: readonly string[]) =>
  names.every((name) => typeof claims[name] === 'string' && claims[name] !== '')
