import type { FastifyRequest } from 'fastify'
import type { Clock, Logger } from '#kit'
import type { ClientAddress } from '#net'
import { ApiError } from './errors.ts'
import { LoginGate } from './login-gate.ts'
import { RateLimiter, type ShareLimit } from './rate-limit.ts'
import type { VaultSettings } from './settings.ts'

/** What one client address may ask for without being logged in, whichever route it comes by. */
export interface Limits {
  /** Tries to log in, and codes sent for it. */
  readonly logins: LoginGate
  /** Everything else: registrations, hints, Sends. */
  readonly unauthenticated: RateLimiter
  /** Letters that a user has sent, by the user's id: one of them may be to anybody's address. */
  readonly letters: RateLimiter
  /** Letters to one address that anybody may ask for, whoever and from wherever: see `mayWriteTo`. */
  readonly strangersLetters: RateLimiter
  /** Wrong codes of second factors, by the user's id, or that and a device that is known. */
  readonly secondFactor: RateLimiter
  /** Tries of the code that proves a new address, by the user's id: that code does not expire. */
  readonly addressCodes: RateLimiter
}

const LETTERS = { seconds: 60, maxBurst: 10 }
/** The links in them are good for longer than the next one takes: who floods an address keeps its owner from nothing. */
const STRANGERS_LETTERS = { seconds: 300, maxBurst: 5 }
/** Of a million codes three are right at any time: so guessing takes years, whoever has how many addresses. */
const SECOND_FACTOR = { seconds: 300, maxBurst: 10 }
const ADDRESS_CODES = { seconds: 300, maxBurst: 5 }

export function makeLimits(settings: VaultSettings, clock: Clock, share: ShareLimit | undefined): Limits {
  return {
    logins: new LoginGate(new RateLimiter(settings.loginRateLimit, clock, { name: 'login', share })),
    unauthenticated: new RateLimiter(settings.unauthenticatedRateLimit, clock, { name: 'unauthenticated', share }),
    letters: new RateLimiter(LETTERS, clock, { name: 'letters', share }),
    strangersLetters: new RateLimiter(STRANGERS_LETTERS, clock, { name: 'strangersLetters', share }),
    secondFactor: new RateLimiter(SECOND_FACTOR, clock, { name: 'secondFactor', share }),
    addressCodes: new RateLimiter(ADDRESS_CODES, clock, { name: 'addressCodes', share }),
  }
}

/** A hook that answers 429 when the client's address has asked too often. */
export function limitUnauthenticated({ limits, clientAddress }: { limits: Limits; clientAddress: ClientAddress }) {
  return async (request: FastifyRequest) => {
    takeFrom(limits.unauthenticated, clientAddress(request.raw))
  }
}

/** Throws the 429 when there is none left for `key`. */
export function takeFrom(limiter: RateLimiter, key: string): void {
  if (!limiter.take(key)) throw new ApiError('TOO_MANY_REQUESTS', 'Too many requests')
}

/** Whether a letter that a stranger has asked for may go to `email`. Who asked is not told that it may not. */
export function mayWriteTo({ limits, logger }: { limits: Limits; logger: Logger }, email: string): boolean {
  // What has colons would be taken for an IPv6 address.
  const isFew = limits.strangersLetters.take(email.toLowerCase().replaceAll(':', '_'))
  if (!isFew) logger.warn({}, 'letter not sent: too many were asked for to one address')
  return isFew
}
