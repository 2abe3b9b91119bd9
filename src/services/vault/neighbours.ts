import type { Clock, Logger, Timer } from '#kit'
import type { Instances } from '#notify'
import { instanceMark, type Store } from '#store'

/** Less than the margin by which instances look further back than they must. */
const LOOK_EVERY_MS = 10_000

/** One that starts, or has a link that is new, is heard within seconds; one that stops has said goodbye before. */
const PATIENCE_MS = 30_000

const FIRST_REPEAT_MS = 60_000
const LAST_REPEAT_MS = 60 * 60_000

export interface NeighboursOptions {
  /** Whether there is a cluster by which others could be heard. */
  readonly hasLink: boolean
  readonly store: Pick<Store, 'otherInstances'>
  readonly instances: Pick<Instances, 'heard' | 'lost' | 'forget' | 'isLinked' | 'others'>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Whether all who have the database open are heard. Who is not changes what devices here are not told at once: no cluster
 * is configured, or not the same, or not the same account of it. That is told to `instances`, and to the operator.
 */
export class Neighbours {
  readonly #options: NeighboursOptions
  readonly #timer: Timer
  #lastLookMs: number
  /** By mark: the last look before the one that found it. */
  #unheard: ReadonlyMap<number, number> = new Map()
  /** Those of them that `instances` knows of. */
  #certain: ReadonlySet<number> = new Set()
  /** When it is told again; `undefined`: it was not told yet. */
  #toldAgainMs: number | undefined
  #repeatMs = FIRST_REPEAT_MS
  #looking: Promise<void> | undefined

  constructor(options: NeighboursOptions) {
    this.#options = options
    this.#lastLookMs = options.clock.now()
    this.#timer = options.clock.every(LOOK_EVERY_MS, () => this.#look())
    this.#look()
  }

  async close(): Promise<void> {
    this.#timer.cancel()
    await this.#looking
  }

  #look(): void {
    this.#looking ??= this.#compare().finally(() => {
      this.#looking = undefined
    })
  }

  async #compare(): Promise<void> {
    const { hasLink, store, instances, clock } = this.#options
    const startedMs = clock.now()
    let marks: readonly number[]
    try {
      marks = await store.otherInstances()
    } catch {
      // The database cannot be asked. Those whose requests fail say so, and with it nobody can change anything either.
      return
    }
    this.#forgetTheDead(marks)
    const heard = new Set(instances.heard.map(instanceMark))
    // A link that is down is told by itself, with what to do, and made up for.
    const others = hasLink && !instances.isLinked ? [] : marks.filter((mark) => !heard.has(mark))
    this.#unheard = new Map(others.map((mark) => [mark, this.#unheard.get(mark) ?? this.#lastLookMs]))
    this.#lastLookMs = startedMs
    const patienceMs = hasLink ? PATIENCE_MS : 0
    const certain = new Map([...this.#unheard].filter(([, sinceMs]) => startedMs - sinceMs >= patienceMs))
    const newSinceMs = [...certain].flatMap(([mark, sinceMs]) => (this.#certain.has(mark) ? [] : [sinceMs]))
    this.#certain = new Set(certain.keys())
    instances.others(certain.size, newSinceMs.length === 0 ? undefined : Math.min(...newSinceMs))
    this.#tell(certain.size)
  }

  /** Who has the database open no more cannot change anything. What it changed last is being looked up already. */
  #forgetTheDead(marks: readonly number[]): void {
    const { instances } = this.#options
    for (const id of instances.lost) if (!marks.includes(instanceMark(id))) instances.forget(id)
  }

  #tell(unheard: number): void {
    const { hasLink, instances, clock, logger } = this.#options
    const now = clock.now()
    if (unheard === 0) {
      if (hasLink && !instances.isLinked) return
      if (this.#toldAgainMs !== undefined) logger.info({}, hasLink ? ALL_HEARD : ALONE)
      this.#toldAgainMs = undefined
      this.#repeatMs = FIRST_REPEAT_MS
      return
    }
    if (this.#toldAgainMs !== undefined && now < this.#toldAgainMs) return
    logger.error({ others: unheard, hint: hasLink ? SAME_CLUSTER : SOME_CLUSTER }, hasLink ? UNHEARD : NO_CLUSTER)
    this.#toldAgainMs = now + this.#repeatMs
    this.#repeatMs = Math.min(2 * this.#repeatMs, LAST_REPEAT_MS)
  }
}

const NO_CLUSTER = 'other instances use this database, and none of their changes is heard here'
const SOME_CLUSTER =
  'devices learn of them seconds late, as a full sync, and limits of logins count for each instance alone: set ' +
  'vault.cluster_url (BELFRY_CLUSTER_URL) at all instances, see docs/scaling.md; or stop those that are not wanted'
const UNHEARD = 'other instances use this database, but are not heard over the cluster'
const SAME_CLUSTER =
  'devices learn of their changes seconds late, as a full sync: all instances need a vault.cluster_url that leads to ' +
  'the same NATS cluster, and a user of the same account there; see docs/scaling.md'
const ALL_HEARD = 'all instances on this database are heard'
const ALONE = 'no other instance uses this database any more'
