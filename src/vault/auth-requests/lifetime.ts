import type { Clock } from '#kit'
import type { AuthRequest } from '#store'

/** How long a request can be approved and used, from when it was made (spec/vault.md §2.11). */
const LIFETIME_MS = 5 * 60_000

export const isAlive = ({ createdAt }: AuthRequest, clock: Clock): boolean =>
  clock.now() < createdAt.getTime() + LIFETIME_MS

/** Whether the user is still to be asked. */
export const isPending = (request: AuthRequest, clock: Clock): boolean =>
  request.approved === null && isAlive(request, clock)
