import { randomUUID } from 'node:crypto'
import type { Clock, Logger } from '#kit'
import { NotificationType } from '#notify'
import type { PushCounters, PushCounts, PushWay } from '../counters.ts'
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
  /** All that wait or are under way, by id; oldest first. */
  readonly #places = new Map<string, Place>()
  #isClosed = false

  constructor(options: PushQueueOptions) {
    this.#options = options
  }

  /** Those under way included. */
  get waiting(): number {
    return this.#places.size
  }

  /** The same, of one way. */
  waitingFor(way: PushWay): number {
    let waiting = 0
    for (const { push } of this.#places.values()) if (wayOf(push) === way) waiting++
    return waiting
  }

  /** Whether anything is still to be told to the phones of that user. */
  hasForPhonesOf(userId: string): boolean {
    return this.#lanes.get(RELAY)?.has(userLine(userId)) === true
  }

  /** `isWritten`: the journal has it already. */
  add(push: Push, isWritten = false): void {
    if (this.#isClosed) return
    this.#add(push, this.#laneOf(push), lineOf(push), isWritten)
    if (this.waiting > this.#options.maxWaiting) this.#makeRoom()
  }

  /** What is under way may end for `graceMs`. The rest stays in the journal. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close(graceMs)))
  }

  #add(push: Push, lane: Lane, key: string, isWritten: boolean): void {
    const line = lane.line(key)
    this.#places.set(push.id, { push, lane, line })
    this.#options.journal.add(push, isWritten)
    lane.add(line, push)
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
    this.#places.delete(push.id)
    this.#countsOf(push)[why]++
    this.#options.journal.remove(push)
    const destination = destinationOf(push)
    if (this.#lanes.get(destination)?.isEmpty) this.#lanes.delete(destination)
  }

  #countsOf(push: Push): PushCounts {
    return this.#options.counters[wayOf(push)]
  }

  /** One look at all that waits makes room for many more. */
  #makeRoom(): void {
    const { maxWaiting, clock, logger } = this.#options
    const hints = new Map<Line, Place>()
    for (const place of this.#places.values()) if (isForUser(place.push)) hints.set(place.line, place)
    const longest = [...hints]
      .map(([line, place]) => ({ ...place, hints: line.hints }))
      .sort((a, b) => b.hints - a.hints)
    for (const { line, lane, push, hints } of longest) {
      if (hints < 2 || this.waiting <= maxWaiting * ROOM) break
      logger.warn({ hints }, 'too many pushes wait: an account is told to sync instead')
      this.#add(syncInstead(push, clock.now()), lane, line.key, false)
    }
    for (const { push, lane, line } of this.#places.values()) {
      if (this.waiting <= maxWaiting) return
      if (!lane.drop(line, push)) continue
      logger.warn({ type: push.type }, 'too many pushes wait: the oldest is not told')
      this.#leaveOut(push, 'dropped')
    }
  }
}

interface Place {
  readonly push: Push
  readonly lane: Lane
  readonly line: Line
}

/** Of the pushes that may wait, so many are left when there were too many, if they can be put together. */
const ROOM = 0.9

const wayOf = ({ to }: Push): PushWay => (to.kind === 'phones' ? 'phones' : 'browsers')

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
