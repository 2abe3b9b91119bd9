import type { JWTPayload } from 'jose'
import type { Clock } from '#kit'
import { JwtIssuer } from './jwt-issuer.ts'
import type { SigningKey } from './signing-key.ts'

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

/** Tokens that let their bearer do one thing, by the key that signs the tokens of sessions. */
export class Tickets {
  readonly #issuer: JwtIssuer
  readonly #mailedTtlSeconds: number

  /** `origin` is scheme, host and port of DOMAIN. */
  constructor(key: SigningKey, { origin, clock, mailedHours }: { origin: string; clock: Clock; mailedHours: number }) {
    this.#issuer = new JwtIssuer(key, origin, clock)
    this.#mailedTtlSeconds = mailedHours * HOUR
  }

  ttlSeconds(kind: TicketKind): number {
    return TTL_SECONDS[kind] ?? this.#mailedTtlSeconds
  }

  issue(kind: TicketKind, claims: TicketClaims): Promise<string> {
    return this.#issuer.sign(kind, this.ttlSeconds(kind), { ...claims })
  }

  /** Undefined for whatever is none of that kind, or not good any more. */
  async verify(kind: TicketKind, ticket: string): Promise<(JWTPayload & { readonly sub: string }) | undefined> {
    const claims = await this.#issuer.verify(kind, ticket, ['sub'])
    return typeof claims?.sub === 'string' ? { ...claims, sub: claims.sub } : undefined
  }
}
