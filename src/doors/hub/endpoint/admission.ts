import type { IncomingMessage } from 'node:http'
import type { Clock, Logger } from '#kit'
import type { Guest, Hub, Refusal } from '../hub.ts'

/** How long a request may wait for its token to be checked, behind thousands of others if it must. */
const AUTHENTICATION_TIMEOUT_MS = 30_000

/**
 * Whom a request comes from, as its hub has it: it is refused as well when the hub fails or takes too long. Undefined
 * when the client went away meanwhile. Nothing is read from the connection until then.
 */
export async function admit(
  hub: Hub,
  request: IncomingMessage,
  { clock, logger }: { clock: Clock; logger: Logger },
): Promise<Guest | Refusal | undefined> {
  const { promise: timeout, resolve } = Promise.withResolvers<'timeout'>()
  const timer = clock.after(AUTHENTICATION_TIMEOUT_MS, () => resolve('timeout'))
  try {
    const answer = await Promise.race([hub.admit(request), timeout])
    if (request.socket.destroyed) return undefined
    if (answer !== 'timeout') return answer
    logger.error({}, 'hub authentication timed out')
    return UNAVAILABLE
  } catch (error) {
    logger.error({ error }, 'hub authentication failed')
    return { status: 500, message: 'Internal server error' }
  } finally {
    timer.cancel()
  }
}

/** Answers that hubs have in common. */
export const NO_TOKEN: Refusal = { status: 401, message: 'Invalid claim' }
export const BAD_TOKEN: Refusal = { status: 401, message: 'Invalid token' }
export const UNAVAILABLE: Refusal = { status: 503, message: 'Service unavailable' }
/** Vaultwarden's words. spec: hub §2.4 */
export const TOO_MANY_OF_ADDRESS: Refusal = { status: 429, message: 'Too many connections' }
export const FOREIGN_ORIGIN: Refusal = { status: 403, message: 'Origin not allowed' }
