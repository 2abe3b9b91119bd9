import { randomUUID } from 'node:crypto'
import type { Clock, Logger } from '#kit'
import { NotificationType } from '#notify'
import type { PushCounters, PushCounts, PushWay } from '../counters.ts'
import { ttlMs } from '../event.ts'
import type { Deliver, Outcome, Push } from '../push.ts'
import type { JournalWriter } from './journal-writer.ts'
import { Lane } from './lane.ts'
import type { Line } from './line.ts'
import { Places } from './places.ts'
import { isHint } from './supersession.ts'

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
  readonly #browserPlaces = new Places({ max: MAX_UNDER_WAY, maxPerKey: MAX_UNDER_WAY_PER_USER })
  /** All that wait or are under way, by id; oldest first. */
  readonly #positions = new Map<string, Position>()
  #lookAtLanesFrom = MIN_LANES
  #nothingToJoinUntilMs = 0
  #nobodyHasMoreUntilMs = 0
  #toldOfDropsUntilMs = 0
  #isClosed = false

  constructor(options: PushQueueOptions) {
    this.#options = options
  }

  /** Those under way included. */
  get waiting(): number {
    return this.#positions.size
  }

  /** The same, of one way. */
  waitingFor(way: PushWay): number {
    let waiting = 0
    for (const { push } of this.#positions.values()) if (wayOf(push) === way) waiting++
    return waiting
  }

  /** Whether anything is still to be told to the phones of that user. */
  hasForPhonesOf(userId: string): boolean {
    return this.#lanes.get(RELAY)?.has(userLine(userId)) === true
  }

  /** `isWritten`: the journal has it already. */
  add(push: Push, isWritten = false): void {
    if (this.#isClosed) return
    this.#add(push, this.#laneOf(push), isWritten)
    if (this.waiting > this.#options.maxWaiting) this.#makeRoom()
  }

  /** What is under way may end for `graceMs`. The rest stays in the journal. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close(graceMs)))
  }

  #add(push: Push, lane: Lane, isWritten: boolean): void {
    const line = lane.line(lineOf(push), ownerOf(push))
    if (line.size >= MAX_PER_LINE) this.#shorten(line, lane)
    this.#positions.set(push.id, { push, lane, line })
    this.#options.journal.add(push, isWritten)
    lane.add(line, push)
  }

  #laneOf(push: Push): Lane {
    const destination = destinationOf(push)
    let lane = this.#lanes.get(destination)
    if (lane === undefined) {
      this.#forgetIdleLanes()
      const { deliver, clock, logger, random } = this.#options
      lane = new Lane({
        destination,
        owner: destination === RELAY ? RELAY : undefined,
        deliver,
        onDone: (done, outcome) => this.#onDone(done, outcome),
        onRetry: (retried) => void this.#countsOf(retried).retried++,
        onLeftOut: (left, why) => (why === 'expired' ? this.#expire(left) : this.#leaveOut(left, why)),
        places: destination === RELAY ? undefined : this.#browserPlaces,
        clock,
        logger,
        random,
      })
      this.#lanes.set(destination, lane)
    }
    return lane
  }

  /** When they have become twice as many: there may be as many as pushes wait. */
  #forgetIdleLanes(): void {
    if (this.#lanes.size < this.#lookAtLanesFrom) return
    for (const [name, { isIdle }] of this.#lanes) if (isIdle) this.#lanes.delete(name)
    this.#lookAtLanesFrom = Math.max(MIN_LANES, 2 * this.#lanes.size)
  }

  #onDone(push: Push, outcome: Outcome): void {
    const { kind } = outcome
    if (kind === 'moved') {
      this.#remove(push)
      if (push.to.kind === 'browser')
        this.add({ ...push, id: randomUUID(), to: { ...push.to, origin: outcome.origin } })
      return
    }
    this.#leaveOut(push, kind === 'sent' ? 'sent' : kind === 'gone' ? 'gone' : 'dropped')
    // What the push service does not take as it is may do as a hint.
    const isTold = kind !== 'refused' || push.type === NotificationType.SyncVault || !isHint(push) || !isForUser(push)
    if (!isTold) this.add(syncInstead(push, this.#options.clock.now()))
  }

  #expire(push: Push): void {
    this.#leaveOut(push, 'dropped')
    // Who comes to sync without a session learns that it has none; who has logged in again meanwhile keeps the new one.
    if (push.type === NotificationType.LogOut && isForUser(push)) this.add(syncInstead(push, this.#options.clock.now()))
  }

  #leaveOut(push: Push, why: keyof PushCounts): void {
    this.#countsOf(push)[why]++
    this.#options.logger.debug({ push: push.id, outcome: why }, 'push done')
    this.#remove(push)
  }

  #remove(push: Push): void {
    this.#positions.delete(push.id)
    this.#options.journal.remove(push)
    const destination = destinationOf(push)
    if (this.#lanes.get(destination)?.isIdle) this.#lanes.delete(destination)
  }

  #countsOf(push: Push): PushCounts {
    return this.#options.counters[wayOf(push)]
  }

  /** One look at all lines makes room for many more pushes. */
  #makeRoom(): void {
    const { maxWaiting, clock, logger } = this.#options
    const now = clock.now()
    if (!isBefore(now, this.#nothingToJoinUntilMs)) {
      let accounts = 0
      const lines = [...this.#lanes.values()].flatMap((lane) =>
        [...lane.lines].filter((line) => line.hints > 1).map((line) => ({ lane, line })),
      )
      for (const { lane, line } of lines.sort((a, b) => b.line.hints - a.line.hints)) {
        if (this.waiting <= maxWaiting * ROOM) break
        if (this.#join(line, lane)) accounts++
      }
      if (accounts > 0) logger.warn({ accounts }, 'too many pushes wait: accounts are told to sync instead')
      if (this.waiting > maxWaiting * ROOM) this.#nothingToJoinUntilMs = now + LOOK_AGAIN_MS
    }
    if (this.waiting <= maxWaiting) return
    if (!isBefore(now, this.#toldOfDropsUntilMs)) {
      logger.warn({ waiting: this.waiting }, 'too many pushes wait: the oldest is not told')
      this.#toldOfDropsUntilMs = now + LOOK_AGAIN_MS
    }
    this.#dropSome(this.#surplusOfOne(now), maxWaiting * ROOM)
    this.#dropSome(this.#positions.values(), maxWaiting)
  }

  #dropSome(positions: Iterable<Position>, most: number): void {
    for (const { push, lane, line } of positions) {
      if (this.waiting <= most) return
      if (lane.drop(line, push)) this.#leaveOut(push, 'dropped')
    }
  }

  /** Who has more waiting than a fair share: what is beyond it, oldest first. Others had better not pay for that. */
  #surplusOfOne(nowMs: number): readonly Position[] {
    if (isBefore(nowMs, this.#nobodyHasMoreUntilMs)) return []
    const share = this.#options.maxWaiting * FAIR_SHARE
    const byAddressee = Map.groupBy(this.#positions.values(), ({ push: { to } }) =>
      to.kind === 'browser' ? to.userId : to.id,
    )
    let most: readonly Position[] = []
    for (const positions of byAddressee.values()) if (positions.length > most.length) most = positions
    const surplus = most.slice(0, Math.max(0, most.length - share))
    if (surplus.length === 0) this.#nobodyHasMoreUntilMs = nowMs + LOOK_AGAIN_MS
    return surplus
  }

  /** One more has room in it. */
  #shorten(line: Line, lane: Lane): void {
    const { hints } = line
    if (hints > 1 && this.#join(line, lane)) {
      this.#options.logger.warn({ hints }, 'too many pushes wait for one account: it is told to sync instead')
    }
    for (const { push } of line) {
      if (line.size < MAX_PER_LINE) return
      if (lane.drop(line, push)) this.#leaveOut(push, 'dropped')
    }
  }

  /** Puts the hints that wait in the line together. False: there is no hint to sync for its addressee. */
  #join(line: Line, lane: Lane): boolean {
    const { head } = line
    if (head === undefined || !isForUser(head.push)) return false
    const sync = syncInstead(head.push, this.#options.clock.now())
    this.#positions.set(sync.id, { push: sync, lane, line })
    this.#options.journal.add(sync, false)
    lane.add(line, sync)
    return true
  }
}

/** Whether that time, of `LOOK_AGAIN_MS` at most, is still to come: not when the clock was set back since. */
const isBefore = (nowMs: number, untilMs: number) => nowMs < untilMs && nowMs >= untilMs - LOOK_AGAIN_MS

interface Position {
  readonly push: Push
  readonly lane: Lane
  readonly line: Line
}

/** Requests to push services of browsers at a time, of which there may be any number: hosts are what users say they are. */
const MAX_UNDER_WAY = 256
/** Of them, for the browsers of one user. */
const MAX_UNDER_WAY_PER_USER = 8

/** Fewer are no burden, whether or not anything waits in them. */
const MIN_LANES = 64

/** Pushes that wait for one addressee: each one more is held against all of them. */
const MAX_PER_LINE = 128

/** When there was nothing to be put together, it is looked for again so much later. */
const LOOK_AGAIN_MS = 10_000

/** Of the pushes that may wait, those for one user or organization, before others suffer from too many. */
const FAIR_SHARE = 0.1

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

/** Of a relay that fails all have to wait. */
const ownerOf = ({ to }: Push) => (to.kind === 'browser' ? to.userId : RELAY)

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
