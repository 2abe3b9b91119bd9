import { type JWTPayload, SignJWT } from 'jose'
import type { Clock } from '#kit'
import type { SigningKey } from './signing-key.ts'
import { verifyJwt } from './verify-jwt.ts'

const ALGORITHM = 'RS256'

const HOUR = 3600
const DAY = 24 * HOUR

/**
 * How long each is good, in seconds, by the kind in its issuer (spec/vault.md §2.4.5). Undefined: as long as the setting
 * `INVITATION_EXPIRATION_HOURS` says, since it goes out by mail.
 */
const TTL_SECONDS = {
  /** To take an invitation that was sent by mail. */
  invite: undefined,
  /** To verify an e-mail address. */
  verifyemail: undefined,
  /** To delete an account. */
  delete: undefined,
  /** To read a Send, and to fetch its file. */
  send: 120,
  /** To fetch an attachment. */
  file_download: 300,
  /** To log in from this device without a second factor. */
  '2faremember': 30 * DAY,
  /** To change a second factor, for whoever has just proven to be the user. */
  '2fachange': HOUR / 2,
} as const

export type TicketKind = keyof typeof TTL_SECONDS

/** What a ticket says besides its times and its issuer. */
export interface TicketClaims {
  readonly sub: string
  readonly [name: string]: string | number | boolean
}

/**
 * Tokens that let their bearer do one thing. RS256 with the key that signs the tokens of sessions, each kind with an
 * issuer of its own, so that none is ever taken for another; as Vaultwarden makes them.
 */
export class Tickets {
  readonly #key: SigningKey
  readonly #origin: string
  readonly #clock: Clock
  readonly #mailedTtlSeconds: number

  /** `origin` is scheme, host and port of DOMAIN. */
  constructor(key: SigningKey, { origin, clock, mailedHours }: { origin: string; clock: Clock; mailedHours: number }) {
    this.#key = key
    this.#origin = origin
    this.#clock = clock
    this.#mailedTtlSeconds = mailedHours * HOUR
  }

  ttlSeconds(kind: TicketKind): number {
    return TTL_SECONDS[kind] ?? this.#mailedTtlSeconds
  }

  issue(kind: TicketKind, claims: TicketClaims): Promise<string> {
    const now = Math.floor(this.#clock.now() / 1000)
    return new SignJWT({ ...claims, nbf: now, exp: now + this.ttlSeconds(kind), iss: this.#issuer(kind) })
      .setProtectedHeader({ typ: 'JWT', alg: ALGORITHM })
      .sign(this.#key.privateKey)
  }

  /** Undefined for whatever is none of that kind, or not good any more. */
  async verify(kind: TicketKind, ticket: string): Promise<(JWTPayload & { readonly sub: string }) | undefined> {
    const claims = await verifyJwt(ticket.replaceAll(/\s/g, ''), {
      key: this.#key.publicKey,
      algorithm: ALGORITHM,
      issuer: this.#issuer(kind),
      requiredClaims: ['exp', 'nbf', 'sub'],
      clock: this.#clock,
    })
    return typeof claims?.sub === 'string' ? { ...claims, sub: claims.sub } : undefined
  }

  #issuer(kind: TicketKind): string {
    return `${this.#origin}|${kind}`
  }
}
