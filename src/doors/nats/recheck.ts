import type { Clock } from '#kit'
import type { CloseReason } from './close-reason.ts'
import type { ConnectionSnapshot } from './connection-snapshot.ts'

/** How many are asked about at once: some answers come from far away. */
const LANES = 32

/** How many of a lane's are asked about before others have their turn: answers that are computed take 0.1 ms and more. */
const BEFORE_REST = 4

/** A connection of somebody who logs in: see `ClientConnection`. */
export interface Recheckable {
  readonly hasLeft: boolean
  readonly isLoggingIn: boolean
  snapshot(): ConnectionSnapshot
  recheck(): Promise<CloseReason | undefined>
  endIfTooMany(): CloseReason | undefined
}

export interface RecheckOptions {
  readonly which: ((connection: ConnectionSnapshot) => boolean) | undefined
  readonly clock: Clock
}

/** Asks of the connections whose they are by now. Those that were closed for it, each with the `reason`. */
export async function recheck(
  connections: Iterable<Recheckable>,
  { which, clock }: RecheckOptions,
): Promise<ConnectionSnapshot[]> {
  const ended: ConnectionSnapshot[] = []
  const note = (connection: Recheckable, reason: CloseReason) => ended.push({ ...connection.snapshot(), reason })
  // Of somebody who is logging in nobody knows yet whether it is one of them.
  const isChosen = (one: Recheckable) => one.isLoggingIn || (which?.(one.snapshot()) ?? true)
  const chosen = [...connections].filter((one) => !one.hasLeft && isChosen(one))
  const waiting = chosen.values()
  const lane = async () => {
    let asked = 0
    for (const connection of waiting) {
      const reason = await connection.recheck()
      if (reason !== undefined) note(connection, reason)
      if (++asked % BEFORE_REST === 0) await new Promise<void>((resolve) => clock.after(0, resolve))
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  // Accounts may have become smaller: the newest of those who are too many go.
  for (const connection of chosen.reverse()) {
    const reason = connection.endIfTooMany()
    if (reason !== undefined) note(connection, reason)
  }
  return ended
}
