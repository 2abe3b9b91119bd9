import type { Clock, Logger, Timer } from '#kit'
import type { Heard, HeardMark, HeardState } from '#store'
import type { HubConnection } from '../connection/connection.ts'
import { logOutEvent, syncVaultEvent } from './notification-encoder.ts'
import { type Attendance, type UserGuest, userGuestOf } from './user-guest.ts'

/** How often it is written how far connections have heard that were told something. */
const MARK_EVERY_MS = 60_000

/** A change is told so long after its date, at most; connections wait longer than that before they ask who has heard it. */
const TOLD_WITHIN_MS = 4_000

/** How long marks of connections that end are gathered, since they often end together. */
const GATHER_MS = 1_000

/** Apps come back within five minutes after they have noticed that their connection is lost. spec: hub §0 */
const RETURN_WITHIN_MS = 6 * 60_000

/** A time at which something was told is remembered so long for those whose mark has not reached it. */
const FORGET_TOLD_AFTER_MS = RETURN_WITHIN_MS + 2 * MARK_EVERY_MS

/** Devices asked about at once, when all are. */
const LOOK_AT = 500

export interface CatchUpOptions {
  readonly heard: Pick<Heard, 'find' | 'findMany' | 'mark'>
  /** Until then all that was told on other machines was told here. Milliseconds since the Unix epoch; default: up to now. */
  readonly heardAllUntilMs?: (() => number) | undefined
  readonly attendance: Attendance
  readonly clock: Clock
  readonly logger: Logger
}

/** Of a device that has several connections, as a browser has with several tabs: what one of them may have missed. */
interface Gap {
  readonly sinceMs: number
  readonly untilMs: number
}

/**
 * Tells a device that is back after a gap to sync, if its account changed meanwhile. How far each device has heard is
 * kept in the database, as a mark that may lag behind: then the device syncs once too often, never once too rarely.
 * That is written now and then and when connections end, and no event ever waits for it.
 */
export class CatchUp {
  readonly #options: CatchUpOptions
  /** How many connections were told to sync. */
  told = 0
  /** By subject without its last token: when something was told there last. Milliseconds since the Unix epoch. */
  readonly #toldMs = new Map<string, number>()
  /** Marks to be written, by device. */
  #marks = new Map<string, HeardMark>()
  /** Those that the database is being told of, and may not show yet. */
  readonly #beingWritten = new Set<ReadonlyMap<string, HeardMark>>()
  /** By device; only for a few minutes. */
  readonly #gaps = new Map<string, Gap>()
  readonly #sweeps: Timer
  #gathering: Timer | undefined
  #written: Promise<void> = Promise.resolve()

  constructor(options: CatchUpOptions) {
    this.#options = options
    this.#sweeps = options.clock.every(MARK_EVERY_MS, () => this.#sweep())
  }

  /** Something is told on `subject`. Hot: once per message and group. */
  onTold(subject: string): void {
    // `vault.user.<id>` and `vault.org.<id>`: nothing else is about what is in an account.
    this.#toldMs.set(subject.slice(0, subject.indexOf('.', 'vault.user.'.length)), this.#options.clock.now())
  }

  /** To be called when the device hears: what comes between cannot be missed then, only be told twice. */
  async onOpen(connection: HubConnection): Promise<void> {
    const guest = userGuestOf(connection)
    const { heard, clock, logger } = this.#options
    const { userId, deviceId, securityStamp } = guest
    let state: HeardState | undefined
    try {
      state = await heard.find(deviceId, userId)
    } catch (error) {
      logger.error({ user: userId, device: deviceId, error }, 'not known whether a hub client missed something')
      this.#expectTabs(guest, 0)
      this.#tellToSync(connection, 0)
      return
    }
    if (state === undefined || state.securityStamp !== securityStamp) {
      // The session ended after its token was checked, and before the device could hear of that.
      connection.tell(logOutEvent(userId, null, clock.now()))
      return
    }
    guest.changeMs = state.accountChangedAt.getTime()
    const sinceMs = this.#heardBefore(guest, state)
    this.#expectTabs(guest, sinceMs)
    if (state.accountChangedAt.getTime() > sinceMs) {
      this.#tellToSync(connection, sinceMs)
    } else {
      guest.missedUntilMs = 0
      guest.markedMs = sinceMs
    }
  }

  /**
   * What other machines told since then may not have come here: tells those to sync whose account has changed, and those
   * whose session has ended that it has. With `tellsAgain` also those whom an earlier look found changed by the same.
   * Resolves with the users concerned; rejects when that cannot be found out.
   */
  async lookAtAll(sinceMs: number, tellsAgain: boolean): Promise<ReadonlySet<string>> {
    const concerned = new Set<string>()
    const kept = [...this.#options.attendance.connections].filter((connection) => userGuestOf(connection).isKept)
    for (let at = 0; at < kept.length; at += LOOK_AT) {
      const connections = kept.slice(at, at + LOOK_AT)
      const states = await this.#options.heard.findMany(connections.map(userGuestOf))
      for (const [i, connection] of connections.entries()) {
        if (tellsAgain) userGuestOf(connection).changeMs = 0
        if (this.#lookAt(connection, states[i], sinceMs)) concerned.add(userGuestOf(connection).userId)
      }
    }
    return concerned
  }

  /** Whether it was told something. */
  #lookAt(connection: HubConnection, state: HeardState | undefined, sinceMs: number): boolean {
    const guest = userGuestOf(connection)
    if (state === undefined || state.securityStamp !== guest.securityStamp) {
      connection.tell(logOutEvent(guest.userId, null, this.#options.clock.now()))
      return true
    }
    const changeMs = state.accountChangedAt.getTime()
    // It may have been looked at before for the same change, since that is done with a margin.
    if (changeMs < sinceMs || changeMs <= guest.changeMs) return false
    guest.changeMs = changeMs
    this.#tellToSync(connection, Math.min(guest.markedMs, sinceMs))
    return true
  }

  /** When it counts no more among the connections of its user. */
  onEnding(connection: HubConnection): void {
    const guest = userGuestOf(connection)
    const heardMs = heardBy(connection)
    if (this.#siblings(guest).next().done === false) {
      // The others go on hearing, and with them the device. This one missed what comes, if it is to come back.
      this.#noteGap(guest, heardMs ?? guest.markedMs)
    } else if (heardMs !== undefined) {
      this.#mark(guest, heardMs)
      this.#gathering ??= this.#options.clock.after(GATHER_MS, () => this.#write())
    }
  }

  /** When no connection is left. Resolves when every mark is written. */
  async close(): Promise<void> {
    this.#sweeps.cancel()
    this.#write()
    await this.#written
  }

  #heardBefore(guest: UserGuest, { heardAt, deviceSince }: HeardState): number {
    const nowMs = this.#options.clock.now()
    const key = keyOf(guest)
    const unwritten = [this.#marks, ...this.#beingWritten].map((marks) => marks.get(key)?.heardAt)
    const marks = [deviceSince, heardAt, ...unwritten].map((mark) => mark?.getTime() ?? 0)
    // A mark of the future was written before the clock was set back: it says nothing.
    const mark = Math.max(0, ...marks.filter((ms) => ms <= nowMs))
    return Math.min(mark, this.#gapOf(key))
  }

  #tellToSync(connection: HubConnection, sinceMs: number): void {
    const guest = userGuestOf(connection)
    const nowMs = this.#options.clock.now()
    guest.missedUntilMs = nowMs
    guest.markedMs = sinceMs
    this.told++
    connection.tell(syncVaultEvent(guest.userId, nowMs))
  }

  /** Only connections that were told something since their mark. */
  #sweep(): void {
    for (const connection of this.#options.attendance.connections) {
      const guest = userGuestOf(connection)
      if (!guest.isKept || this.#lastToldMs(guest) < guest.markedMs) continue
      let heardMs = heardBy(connection)
      for (const sibling of this.#siblings(guest)) heardMs = earlier(heardMs, heardBy(sibling))
      if (heardMs !== undefined) this.#mark(guest, heardMs)
    }
    this.#write()
    const nowMs = this.#options.clock.now()
    for (const [subject, toldMs] of this.#toldMs) {
      if (nowMs - toldMs > FORGET_TOLD_AFTER_MS) this.#toldMs.delete(subject)
    }
    for (const [key, { untilMs }] of this.#gaps) if (untilMs <= nowMs) this.#gaps.delete(key)
  }

  #lastToldMs({ subjects, missedUntilMs }: UserGuest): number {
    const told = subjects.map((subject) => this.#toldMs.get(subject.slice(0, -'.>'.length)) ?? 0)
    return Math.max(missedUntilMs, ...told)
  }

  /** Connections of the same device that hear. */
  *#siblings({ userId, deviceId }: UserGuest): Generator<HubConnection> {
    for (const connection of this.#options.attendance.connections.ofUser(userId)) {
      const sibling = userGuestOf(connection)
      if (sibling.isKept && sibling.deviceId === deviceId) yield connection
    }
  }

  #noteGap(guest: UserGuest, sinceMs: number): void {
    const key = keyOf(guest)
    const untilMs = this.#options.clock.now() + RETURN_WITHIN_MS
    this.#gaps.set(key, { sinceMs: Math.min(sinceMs, this.#gapOf(key)), untilMs })
  }

  /** When one tab of a browser is back, others may come too, and have missed as much, and what happens until then. */
  #expectTabs(guest: UserGuest, sinceMs: number): void {
    if (guest.clientType === 'Web' && sinceMs < this.#gapOf(keyOf(guest))) this.#noteGap(guest, sinceMs)
  }

  /** Infinity: there is none. */
  #gapOf(key: string): number {
    const gap = this.#gaps.get(key)
    return gap === undefined || gap.untilMs <= this.#options.clock.now() ? Number.POSITIVE_INFINITY : gap.sinceMs
  }

  #mark(guest: UserGuest, heardMs: number): void {
    // The tabs of a browser may be on several machines, none of which knows how far all of them have heard.
    if (guest.clientType === 'Web' && this.#options.heardAllUntilMs !== undefined) return
    const key = keyOf(guest)
    const ms = Math.min(heardMs, this.#gapOf(key), this.#options.heardAllUntilMs?.() ?? heardMs)
    // The latter when the clock was set back.
    if (ms <= guest.markedMs || ms > this.#options.clock.now()) return
    guest.markedMs = ms
    const { userId, deviceId } = guest
    this.#marks.set(key, { userId, deviceId, heardAt: new Date(ms) })
  }

  #write(): void {
    this.#gathering?.cancel()
    this.#gathering = undefined
    if (this.#marks.size === 0) return
    const { heard, logger } = this.#options
    const marks = this.#marks
    this.#marks = new Map()
    this.#beingWritten.add(marks)
    const written = heard
      .mark([...marks.values()])
      // What cannot be written is not tried again: the devices sync once too often.
      .catch((error: unknown) => {
        logger.error({ marks: marks.size, error }, 'not written how far hub clients have heard')
      })
      .finally(() => this.#beingWritten.delete(marks))
    this.#written = Promise.all([this.#written, written]).then(() => undefined)
  }
}

/** How far the connection has heard everything; undefined while that is not known. Milliseconds since the Unix epoch. */
function heardBy(connection: HubConnection): number | undefined {
  const heardUntilMs = connection.heardUntilMs - TOLD_WITHIN_MS
  return heardUntilMs > userGuestOf(connection).missedUntilMs ? heardUntilMs : undefined
}

const earlier = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : Math.min(a, b)

const keyOf = ({ userId, deviceId }: UserGuest) => `${userId} ${deviceId}`
