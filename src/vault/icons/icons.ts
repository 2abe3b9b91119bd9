import { type Clock, KeyedPlaces, type Logger, networkOf } from '#kit'
import { BlockedError, type GuardedGet } from '#net'
import { RateLimiter } from '../rate-limit.ts'
import type { IconSettings } from '../settings.ts'
import { FairTurns } from './fair-turns.ts'
import { FALLBACK_ICON } from './fallback.ts'
import { findIcon } from './find-icon.ts'
import { IconCache } from './icon-cache.ts'
import { imageType } from './image-type.ts'

/** Sites that are asked at a time, and that are asked or wait for it: of all clients, and of one network. */
const MAX_AT_ONCE = 8
const MAX_WAITING = { max: 400, maxPerKey: 200 }

/** Sites that one network may name that are not in the cache: a whole vault at once, then one each second. */
const NEW_SITES = { seconds: 1, maxBurst: 500 }

/** A search may take so many times the time of one request. */
const REQUESTS_PER_SEARCH = 3

/** What clients are told of an icon that may be there next time. */
const TRY_AGAIN_SECONDS = 60

/** How long an icon counts that is kept for good. */
const YEAR_SECONDS = 31_536_000

export interface SiteIcon {
  readonly bytes: Buffer
  /** Media type. */
  readonly type: string
  /** How long clients may keep it. */
  readonly maxAgeSeconds: number
}

export interface IconTools {
  readonly get: GuardedGet
  readonly clock: Clock
  readonly logger: Logger
}

/** Icons of sites for clients that need not be logged in: from the cache, or fetched, few at a time and each once. */
export class Icons {
  readonly #settings: IconSettings
  readonly #tools: IconTools
  readonly #cache: IconCache
  readonly #newSites: RateLimiter
  readonly #places = new KeyedPlaces(MAX_WAITING)
  readonly #underWay = new Map<string, Promise<SiteIcon>>()
  readonly #closing = new AbortController()
  /** By network: one that names sites that take long keeps nobody else waiting for all of them. */
  readonly #turns = new FairTurns(MAX_AT_ONCE)

  constructor(settings: IconSettings, tools: IconTools) {
    this.#settings = settings
    this.#tools = tools
    const { cacheFolder: folder, cacheSeconds: iconSeconds, negativeCacheSeconds: missSeconds } = settings
    this.#cache = new IconCache({ folder, clock: tools.clock, iconSeconds, missSeconds })
    this.#newSites = new RateLimiter(NEW_SITES, tools.clock, { name: 'icons', share: undefined })
  }

  /**
   * The icon of a host that `iconHost` let through, or the fallback. Never rejects; takes about as long as one request to
   * another server may, and what takes longer is there the next time.
   */
  async of(host: string, address: string): Promise<SiteIcon> {
    const { icon, isFresh } = await this.#cache.read(host)
    if (isFresh) return this.#lasting(icon)
    const known = icon === undefined ? this.none(TRY_AGAIN_SECONDS) : this.#lasting(icon, TRY_AGAIN_SECONDS)
    if (!this.#settings.downloads) return icon === undefined ? this.none() : known
    const search = this.#underWay.get(host) ?? this.#begin(host, icon, address)
    return search === undefined ? known : this.#orInTime(search, known)
  }

  /** What stands for "has none". */
  none(maxAgeSeconds = this.#settings.negativeCacheSeconds || YEAR_SECONDS): SiteIcon {
    return { bytes: FALLBACK_ICON, type: 'image/png', maxAgeSeconds }
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort(new Error('the server closes'))
  }

  #lasting(icon: Buffer | undefined, maxAgeSeconds = this.#settings.cacheSeconds || YEAR_SECONDS): SiteIcon {
    if (icon === undefined) return this.none()
    // The cache holds images only.
    return { bytes: icon, type: imageType(icon)!, maxAgeSeconds }
  }

  /** Undefined when that client, or all together, have too many under way. */
  #begin(host: string, old: Buffer | undefined, address: string): Promise<SiteIcon> | undefined {
    const network = networkOf(address)
    const leave = this.#places.enter(network)
    if (leave === undefined) return undefined
    if (!this.#newSites.take(address)) {
      leave()
      return undefined
    }
    const search = this.#turns
      .run(network, () => this.#search(host, old))
      .finally(() => {
        leave()
        this.#underWay.delete(host)
      })
    this.#underWay.set(host, search)
    return search
  }

  async #search(host: string, old: Buffer | undefined): Promise<SiteIcon> {
    const { get, clock, logger } = this.#tools
    const timeoutMs = this.#settings.downloadTimeoutMs
    const late = new AbortController()
    const timer = clock.after(timeoutMs * REQUESTS_PER_SEARCH, () => late.abort(new Error('the search takes too long')))
    try {
      const signal = AbortSignal.any([late.signal, this.#closing.signal])
      const found = await findIcon(host, { get, timeoutMs, signal }).catch((error: Error) => {
        if (error instanceof BlockedError || this.#closing.signal.aborted) throw error
        return undefined
      })
      await (found ? this.#cache.save(host, found) : this.#cache.saveMiss(host)).catch((error: Error) => {
        logger.warn({ host, error: error.message }, 'icon cannot be kept')
      })
      return this.#lasting(found ?? old)
    } catch (error) {
      // No trace of it in the folder: it would tell what is on the network here.
      logger.debug({ host, error: (error as Error).message }, 'icon is not asked for')
      return this.#lasting(old)
    } finally {
      timer.cancel()
    }
  }

  async #orInTime(search: Promise<SiteIcon>, otherwise: SiteIcon): Promise<SiteIcon> {
    const { promise: late, resolve } = Promise.withResolvers<SiteIcon>()
    const timer = this.#tools.clock.after(this.#settings.downloadTimeoutMs, () => resolve(otherwise))
    try {
      return await Promise.race([search, late])
    } finally {
      timer.cancel()
    }
  }
}
