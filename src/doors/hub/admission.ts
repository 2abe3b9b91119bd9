import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock, Logger } from '#kit'
import { refuse } from './refuse.ts'
import { accessToken } from './token.ts'

/** How long a request may wait for its token to be checked. */
const AUTHENTICATION_TIMEOUT_MS = 10_000

export interface HubSession {
  readonly user: { readonly id: string }
  readonly device: { readonly id: string }
}

/** Undefined when the token does not stand for a session, whatever the reason. */
export type Authenticate = (token: string) => Promise<HubSession | undefined>

/**
 * Answers with the session a hub request belongs to; with undefined when it was refused, before any upgrade, or went
 * away meanwhile. Nothing is read from the socket until then.
 */
export async function admit(
  request: IncomingMessage,
  socket: Duplex,
  options: { authenticate: Authenticate; clock: Clock; logger: Logger },
): Promise<HubSession | undefined> {
  const token = accessToken(request)
  if (token === undefined) {
    refuse(socket, 401, 'Invalid claim')
    return undefined
  }
  const { authenticate, clock, logger } = options
  // A reset while we wait is an 'error' event, which would end the process if nobody listened.
  const onError = () => socket.destroy()
  socket.on('error', onError)
  const { promise: timeout, resolve } = Promise.withResolvers<'timeout'>()
  const timer = clock.after(AUTHENTICATION_TIMEOUT_MS, () => resolve('timeout'))
  try {
    const session = await Promise.race([authenticate(token), timeout])
    if (socket.destroyed) return undefined
    if (session === 'timeout') {
      logger.error({}, 'hub authentication timed out')
      refuse(socket, 503, 'Service unavailable')
      return undefined
    }
    if (session === undefined) refuse(socket, 401, 'Invalid token')
    return session
  } catch (error) {
    logger.error({ error }, 'hub authentication failed')
    refuse(socket, 500, 'Internal server error')
    return undefined
  } finally {
    timer.cancel()
    socket.off('error', onError)
  }
}
