import { randomUUID } from 'node:crypto'
import type { Clock, Logger } from '#kit'
import { NotificationType } from '#notify'
import type { PushCounters, PushCounts } from '../counters.ts'
import { ttlMs } from '../event.ts'
import type { Deliver, Outcome, Push } from '../push.ts'
import type { JournalWriter } from './journal-writer.ts'
import { Lane } from './lane.ts'
import type { Line } from './line.ts'

export interface PushQueueOptions {
  readonly deliver: Deliver
  readonly journal: Pick<JournalWriter, 'add' | 'remove'>
  readonly counters: PushCounters
  /** Pushes that may wait. */
  readonly maxWaiting: number
  readonly clock: Clock
  readonly logger: Logger
  /** From 0 to 1, without 1. Default: `Math.random`. */
  readonly random?: () => number
}

/**
 * What is to be pushed, until push services have taken it. When too many wait, what waits for an addressee becomes one hint
 * to sync everything, the longest line first; nothing is lost by that.
 */
export class PushQueue {
  readonly #options: PushQueueOptions
  readonly #lanes = new Map<string, Lane>()
  #waiting = 0
  #isClosed = false

  constructor(options: PushQueueOptions) {
    this.#options = options
  }

  /** Those under way included. */
  get waiting(): number {
    return this.#waiting
  }

  /** Whether anything is still to be told to the phones of that user. */
  hasForPhonesOf(userId: string): boolean {
    const lane = this.#lanes.get(RELAY)
    if (lane === undefined) return false
    return lane.line(userLine(userId)) !== undefined
  }

  /** `isWritten`: the journal has it already. */
  add(push: Push, isWritten = false): void {
    if (this.#isClosed) return
    this.#waiting++
    this.#options.journal.add(push, isWritten)
    this.#laneOf(push).add(lineOf(push), push)
    while (this.#waiting > this.#options.maxWaiting && this.#makeRoom());
  }

  /** What is under way may end for `graceMs`. The rest stays in the journal. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close(graceMs)))
  }

  #laneOf(push: Push): Lane {
    const destination = destinationOf(push)
    let lane = this.#lanes.get(destination)
    if (lane === undefined) {
      const { deliver, clock, logger, random } = this.#options
      lane = new Lane({
        destination,
        deliver,
        onDone: (done, outcome) => this.#onDone(done, outcome),
        onRetry: (retried) => void this.#countsOf(retried).retried++,
        onLeftOut: (left, why) => (why === 'expired' ? this.#expire(left) : this.#leaveOut(left, why)),
        clock,
        logger,
        random,
      })
      this.#lanes.set(destination, lane)
    }
    return lane
  }

  #onDone(push: Push, { kind }: Outcome): void {
    this.#leaveOut(push, kind === 'sent' ? 'sent' : kind === 'gone' ? 'gone' : 'dropped')
  }

  #expire(push: Push): void {
    this.#leaveOut(push, 'dropped')
    // Who comes to sync without a session learns that it has none; who has logged in again meanwhile keeps the new one.
    if (push.type === NotificationType.LogOut && isForUser(push)) this.add(syncInstead(push, this.#options.clock.now()))
  }

  #leaveOut(push: Push, why: keyof PushCounts): void {
    this.#waiting--
    this.#countsOf(push)[why]++
    this.#options.journal.remove(push)
    const destination = destinationOf(push)
    if (this.#lanes.get(destination)?.isEmpty) this.#lanes.delete(destination)
  }

  #countsOf({ to }: Push): PushCounts {
    const { counters } = this.#options
    return to.kind === 'phones' ? counters.phones : counters.browsers
  }

  /** One fewer, or more. False: all that waits is under way. */
  #makeRoom(): boolean {
    let most: { readonly lane: Lane; readonly line: Line } | undefined
    let oldest: { readonly lane: Lane; readonly line: Line } | undefined
    for (const lane of this.#lanes.values()) {
      for (const line of lane.lines) {
        if (line.head === undefined) continue
        if (isForUser(line.head.push) && line.hints > (most?.line.hints ?? 1)) most = { lane, line }
        const atMs = oldest?.line.head?.push.queuedAtMs ?? Number.POSITIVE_INFINITY
        if (line.head.push.queuedAtMs < atMs) oldest = { lane, line }
      }
    }
    if (most !== undefined) {
      this.#options.logger.warn({ hints: most.line.hints }, 'too many pushes wait: an account is told to sync instead')
      const sync = syncInstead(most.line.head!.push, this.#options.clock.now())
      this.#waiting++
      this.#options.journal.add(sync, false)
      most.lane.add(most.line.key, sync)
      return true
    }
    const dropped = oldest?.lane.dropOldest(oldest.line)
    if (dropped === undefined) return false
    this.#options.logger.warn({ type: dropped.type }, 'too many pushes wait: the oldest is not told')
    this.#leaveOut(dropped, 'dropped')
    return true
  }
}

const RELAY = 'relay'

function destinationOf({ to }: Push): string {
  return to.kind === 'phones' ? RELAY : to.origin
}

const userLine = (userId: string) => `user ${userId}`

function lineOf({ to }: Push): string {
  if (to.kind === 'browser') return `${to.userId} ${to.deviceId}`
  // What is for clients of one type has the order of all.
  return to.audience === 'user' ? userLine(to.id) : `organization ${to.id}`
}

/** There is no hint to sync for whoever is in an organization. */
const isForUser = ({ to }: Push) => to.kind === 'browser' || to.audience === 'user'

/** For all the hints that wait for the same addressee. */
function syncInstead({ to }: Push, nowMs: number): Push {
  const userId = to.kind === 'phones' ? to.id : to.userId
  return {
    id: randomUUID(),
    to: to.kind === 'phones' ? { kind: 'phones', audience: to.audience, id: to.id, actingPushId: null } : to,
    type: NotificationType.SyncVault,
    payload: { UserId: userId, Date: new Date(nowMs).toISOString() },
    contextId: null,
    queuedAtMs: nowMs,
    expiresAtMs: nowMs + ttlMs(NotificationType.SyncVault),
  }
}
