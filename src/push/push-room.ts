import { randomUUID } from 'node:crypto'
import type { Account } from '#core'
import type { Clock, Logger } from '#kit'
import type { PushJournal, PushTarget, PushTargets } from '#store'
import { PushCounters, type PushCounts, type PushWay } from './counters.ts'
import { wayTo } from './decision.ts'
import { type PushedEvent, syncEvent, ttlMs } from './event.ts'
import type { Hearing } from './hearing.ts'
import { type Batch, Inbox } from './inbox.ts'
import type { BrowserAddress, Deliver, PhonesAddress, Push } from './push.ts'
import { JournalWriter } from './queue/journal-writer.ts'
import { PushQueue } from './queue/queue.ts'
import { Recovery } from './recovery.ts'

export interface PushRoomOptions {
  /** `VAULT`, where notifications are published. */
  readonly account: Account
  /** Of this instance. */
  readonly instance: string
  readonly targets: PushTargets
  readonly journal: PushJournal
  /** Whether an instance of that name has the database open. */
  readonly isAlive: (instance: string) => Promise<boolean>
  /** Whether other instances may have the database open. */
  readonly isShared: boolean
  /** Undefined: phones are not told. */
  readonly toPhones: Deliver | undefined
  /** Undefined: browsers are not told. */
  readonly toBrowsers: Deliver | undefined
  /** See `Hearing.ask`. */
  readonly whoHasHeard: Hearing['ask']
  /** Pushes that may wait. */
  readonly maxWaiting: number
  readonly clock: Clock
  readonly logger: Logger
  /** From 0 to 1, without 1. Default: `Math.random`. */
  readonly random?: () => number
}

/** With those that wait or are under way. */
export type PushRoomCounts = { readonly [Way in PushWay]?: PushCounts & { readonly waiting: number } }

/** What is under way when we close may end for so long. */
const CLOSE_GRACE_MS = 1_000

/**
 * Tells devices that are not connected, by the relay of mobile push and by Web Push. It listens to what this instance tells
 * on the subjects of users and organizations; no request waits for any of it.
 *
 *     published ─▶ inbox ─(gathered)─▶ decision ─▶ queue ─▶ relay
 *                                        │           │  └─▶ push services of browsers
 *                                 hubs, database   journal
 */
export class PushRoom {
  readonly #counters = new PushCounters()
  readonly #options: PushRoomOptions
  readonly #queue: PushQueue
  readonly #journal: JournalWriter
  #inbox: Inbox | undefined
  #recovery: Recovery | undefined

  constructor(options: PushRoomOptions) {
    const { journal, instance, maxWaiting, clock, logger, random } = options
    this.#options = options
    this.#journal = new JournalWriter({
      journal,
      instance,
      undecidedSinceMs: () => this.#undecidedSinceMs,
      clock,
      logger,
    })
    this.#queue = new PushQueue({
      deliver: (push, signal) => this.#deliver(push, signal),
      journal: this.#journal,
      counters: this.#counters,
      maxWaiting,
      clock,
      logger,
      ...(random && { random }),
    })
  }

  /** Begins to listen. Rejects when the database does not answer. */
  async open(): Promise<void> {
    const { account, instance, journal, targets, isAlive, isShared, clock, logger } = this.#options
    await this.#journal.begin()
    this.#inbox = new Inbox({ account, instance, handle: (...batch) => this.#handle(...batch), clock, logger })
    this.#recovery = new Recovery({
      instance,
      journal,
      targets,
      isAlive,
      isShared,
      onLeft: (push) => this.#queue.add(push, true),
      onChanged: (userId) => this.#handle({ audience: 'user', id: userId, events: [syncEvent(userId, clock.now())] }),
      clock,
      logger,
    })
  }

  /** For monitoring. A way that is switched off is absent. */
  get counts(): PushRoomCounts {
    const { toPhones, toBrowsers } = this.#options
    const countsOf = (way: PushWay) => ({ waiting: this.#queue.waitingFor(way), ...this.#counters[way] })
    return {
      ...(toPhones && { phones: countsOf('phones') }),
      ...(toBrowsers && { browsers: countsOf('browsers') }),
    }
  }

  /** Whether anything is still to be told to the phones of that user. */
  hasForPhonesOf(userId: string): boolean {
    return this.#inbox?.hasForUser(userId) === true || this.#queue.hasForPhonesOf(userId)
  }

  /** Hears no more. What was not told yet is written down. */
  async close(): Promise<void> {
    await this.#recovery?.close()
    await this.#inbox?.close()
    await this.#queue.close(CLOSE_GRACE_MS)
    await this.#journal.close()
  }

  get #undecidedSinceMs(): number {
    return Math.min(
      this.#inbox?.undecidedSinceMs ?? Number.POSITIVE_INFINITY,
      this.#recovery?.recoveringSinceMs ?? Number.POSITIVE_INFINITY,
    )
  }

  async #handle({ audience, id, events }: Batch, onLookedUp = () => {}): Promise<void> {
    const { targets, toPhones, toBrowsers, whoHasHeard } = this.#options
    const found = audience === 'user' ? await targets.ofUser(id) : await targets.ofOrganization(id)
    onLookedUp()
    const reachable = found
      .map((target) => ({
        ...target,
        isPhone: target.isPhone && toPhones !== undefined,
        webPush: toBrowsers === undefined ? null : target.webPush,
      }))
      .filter(({ isPhone, webPush }) => isPhone || webPush !== null)
    if (reachable.length === 0) return
    const heard = new Set<PushTarget>()
    const toldAtMs = Math.min(...events.map(({ atMs }) => atMs))
    const byUser = Map.groupBy(reachable, (target) => target.userId)
    const asked = [...byUser].map(async ([userId, theirs]) => {
      const deviceIds = theirs.filter(({ hasSession }) => hasSession).map(({ deviceId }) => deviceId)
      if (deviceIds.length === 0) return
      const confirmed = await whoHasHeard(userId, deviceIds, toldAtMs)
      for (const target of theirs) if (confirmed.has(target.deviceId)) heard.add(target)
    })
    await Promise.all(asked)
    for (const event of events) this.#tell(event, reachable, heard)
  }

  #tell(event: PushedEvent, targets: readonly PushTarget[], heard: ReadonlySet<PushTarget>): void {
    let isForPhones = false
    for (const target of targets) {
      const way = wayTo(target, event, heard.has(target))
      if (way === 'browser') this.#add(event, toBrowser(event, target))
      isForPhones ||= way === 'phones'
    }
    if (!isForPhones) return
    const acting = targets.find(({ deviceId }) => deviceId === event.contextId)
    this.#add(event, toPhones(event, acting?.pushId ?? null))
  }

  #add({ requestId }: PushedEvent, push: Push): void {
    const { kind, ...to } = push.to
    const whom = 'audience' in to ? { [to.audience]: to.id } : { user: to.userId, device: to.deviceId }
    this.#options.logger.debug({ push: push.id, kind, ...whom, type: push.type, requestId }, 'push queued')
    this.#queue.add(push)
  }

  #deliver: Deliver = async (push, signal) => {
    const { toPhones, toBrowsers } = this.#options
    const deliver = push.to.kind === 'phones' ? toPhones : toBrowsers
    // Switched off since it was written down.
    if (deliver === undefined) return { kind: 'gone' }
    return deliver(push, signal)
  }
}

function toBrowser(event: PushedEvent, { userId, deviceId, webPush }: PushTarget): Push {
  // What is none, for whatever reason it is there, is refused when it is sent, and keeps nothing else from anybody.
  const { origin } = URL.parse(webPush!.endpoint) ?? { origin: '' }
  const to: BrowserAddress = { kind: 'browser', userId, deviceId, origin }
  return pushOf(event, to, userId)
}

function toPhones(event: PushedEvent, actingPushId: string | null): Push {
  const { audience, id, clientType } = event
  const to: PhonesAddress = { kind: 'phones', audience, id, clientType, actingPushId }
  return pushOf(event, to, audience === 'user' ? id : undefined)
}

function pushOf(event: PushedEvent, to: Push['to'], userId: string | undefined): Push {
  const { type, payload, contextId, atMs } = event
  return {
    id: randomUUID(),
    to,
    type,
    payload: userId === undefined ? payload : { ...payload, UserId: userId },
    contextId,
    queuedAtMs: atMs,
    expiresAtMs: atMs + ttlMs(type),
  }
}
