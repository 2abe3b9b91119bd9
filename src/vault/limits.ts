import type { FastifyRequest } from 'fastify'
import type { Clock } from '#kit'
import type { VaultContext } from './context.ts'
import { ApiError } from './errors.ts'
import { RateLimiter, type ShareLimit } from './rate-limit.ts'
import type { VaultSettings } from './settings.ts'

/** What one client address may ask for without being logged in, whichever route it comes by. */
export interface Limits {
  /** Tries to log in, and codes sent for it. */
  readonly login: RateLimiter
  /** Everything else: registrations, hints, Sends. */
  readonly unauthenticated: RateLimiter
}

export function makeLimits(settings: VaultSettings, clock: Clock, share: ShareLimit | undefined): Limits {
  return {
    login: new RateLimiter(settings.loginRateLimit, clock, { name: 'login', share }),
    unauthenticated: new RateLimiter(settings.unauthenticatedRateLimit, clock, { name: 'unauthenticated', share }),
  }
}

/** A hook that answers 429 when the client's address has asked too often. */
export function limitUnauthenticated({ limits, clientAddress }: VaultContext) {
  return async (request: FastifyRequest) => {
    if (!limits.unauthenticated.take(clientAddress(request.raw))) {
      throw new ApiError('TOO_MANY_REQUESTS', 'Too many requests')
    }
  }
}
