import type { AccountDefinition } from '#core'
import type { Clock, Logger, Timer } from '#kit'
import { Gate } from '../gate.ts'
import { type AccountClaims, decodeJwt, definitionOf, obstacleAmong, problemsOf } from '../jwt/index.ts'
import { isPublicKey } from '../nkeys.ts'
import { activationOf, isActivated } from './activation.ts'
import type { AccountResolver } from './resolver.ts'
import type { Trust } from './trust.ts'

/** Accounts that are kept; of more, those of which least was heard and that nobody uses make room. */
const MAX_ACCOUNTS = 50_000
/** Of those that might make room, how many are looked at for each that comes. */
const MAX_CANDIDATES = 100
/** Accounts of which it is remembered that they could not be had, and for how many milliseconds. */
const MAX_FAILURES = 4_096
const FAILURE_MS = 1_000
/** An account that has expired is not asked for again within that many milliseconds of its last update. */
const UPDATE_PAUSE_MS = 1_000
/** A fetch that took longer than that is told of, as nats-server does. */
const SLOW_FETCH_MS = 1_000
/** Fetches at a time, and those that may wait for them. */
const MAX_FETCHES = 32
const MAX_WAITING_FETCHES = 4_096
/** Of those from which an account imports, how many are fetched at a time: others are to have their turn, too. */
const EXPORTER_LANES = 8
/** The longest that a timer can be set for. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface AccountsTools {
  readonly clock: Clock
  readonly logger: Logger
  define(definition: AccountDefinition): void
  forget(account: string): void
  changed(account: string): void
  /** Whether there are connections in the account; default: there may be. */
  isInUse?(account: string): boolean
}

export interface AccountsOptions {
  readonly trust: Trust
  readonly resolver: Pick<AccountResolver, 'fetch'>
  readonly tools: AccountsTools
}

interface Known {
  /** Empty for one that stands in until its JWT can be had. */
  readonly token: string
  readonly claims: AccountClaims
  readonly updatedAtMs: number
  /** As it was last handed to `define`. */
  defined: string
  /** For the next moment at which an activation token begins or ends. */
  timer: Timer | undefined
}

/** The accounts that were asked for so far, by public key, as their JWTs describe them now. */
export class Accounts {
  readonly #trust: Trust
  readonly #resolver: Pick<AccountResolver, 'fetch'>
  readonly #tools: AccountsTools
  /** Those of which least was heard come first. */
  readonly #known = new Map<string, Known>()
  /** Those of `#known` that import something of an account, whether that is known or not. */
  readonly #importers = new Map<string, Set<string>>()
  readonly #fetching = new Map<string, Promise<Known>>()
  readonly #failures = new Map<string, { readonly untilMs: number; readonly reason: string }>()
  /** Who shows a JWT of an account of its own making causes a fetch, too. */
  readonly #gate = new Gate({
    maxPassing: MAX_FETCHES,
    waiting: { max: MAX_WAITING_FETCHES, refusal: 'too many accounts are being fetched' },
  })
  #isClosed = false

  constructor({ trust, resolver, tools }: AccountsOptions) {
    this.#trust = trust
    this.#resolver = resolver
    this.#tools = tools
  }

  /** As far as known without asking anybody. */
  claims(account: string): AccountClaims | undefined {
    return this.#known.get(account)?.claims
  }

  /** The JWT of an account, as far as known without asking anybody. */
  token(account: string): string | undefined {
    return this.#known.get(account)?.token || undefined
  }

  /** Whether the account is one that stands in until its JWT can be had. */
  isStandIn(account: string): boolean {
    return this.#known.get(account)?.token === ''
  }

  /**
   * The claims of an account, good at this moment, with the accounts that it imports from known, if they can be had.
   * Rejects with an `Error` whose message says why not.
   */
  async get(account: string): Promise<AccountClaims> {
    const known = this.#known.get(account)
    if (known !== undefined && !this.#hasExpired(known)) {
      this.#known.delete(account)
      this.#known.set(account, known)
      return known.claims
    }
    if (known === undefined) {
      const { claims } = await this.#fetch(account)
      await this.#fetchExporters(claims)
      return claims
    }
    if (this.#tools.clock.now() - known.updatedAtMs < UPDATE_PAUSE_MS) throw new Error('account expired')
    try {
      return (await this.#fetch(account)).claims
    } catch (error) {
      throw new Error('account expired', { cause: error })
    }
  }

  /** An account without a JWT, until there is one. */
  standIn(claims: AccountClaims): void {
    this.#remember({ token: '', claims, updatedAtMs: this.#tools.clock.now(), defined: '', timer: undefined })
  }

  /** Looks for another JWT of an account. Never rejects. */
  async refresh(account: string): Promise<void> {
    await this.#fetch(account).catch(() => undefined)
  }

  /** Gives an account that is known another JWT. Returns why that cannot be; `undefined` when it is done. */
  update(account: string, token: string): string | undefined {
    this.forgetFailure(account)
    const known = this.#known.get(account)
    if (known === undefined || known.token === token) return undefined
    try {
      const { claims } = this.#accept(account, token)
      void this.#fetchExporters(claims)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  /** That it could not be had is no reason any more not to ask for it. */
  forgetFailure(account: string): void {
    this.#failures.delete(account)
  }

  /** The JWT of the account was deleted. */
  remove(account: string): void {
    const known = this.#known.get(account)
    if (known === undefined) return
    this.#tools.logger.debug({ account }, 'account disabled: its JWT was removed')
    this.#drop(account, known)
    // Who is in it has to go, even if somebody else has the JWT still: whoever comes again may be in it again.
    this.#fail(account, 'its JWT was removed')
    for (const importer of this.#importers.get(account) ?? []) this.#define(importer)
    this.#tools.changed(account)
    this.#tools.forget(account)
  }

  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#known.values()) timer?.cancel()
  }

  #hasExpired({ claims }: Known): boolean {
    return claims.expiresAt > 0 && claims.expiresAt * 1000 <= this.#tools.clock.now()
  }

  /** One fetch at a time for each account. */
  #fetch(account: string): Promise<Known> {
    let fetching = this.#fetching.get(account)
    if (fetching === undefined) {
      fetching = this.#fetchOnce(account).finally(() => this.#fetching.delete(account))
      this.#fetching.set(account, fetching)
    }
    return fetching
  }

  async #fetchOnce(account: string): Promise<Known> {
    const { clock, logger } = this.#tools
    if (!isPublicKey(account, 'account')) throw new Error('will only fetch valid account keys')
    const failure = this.#failures.get(account)
    if (failure !== undefined && clock.now() < failure.untilMs) throw new Error(failure.reason)
    try {
      const startMs = clock.now()
      const token = await this.#gate.pass(() => this.#resolver.fetch(account))
      const tookMs = clock.now() - startMs
      if (tookMs > SLOW_FETCH_MS) logger.warn({ account, tookMs }, 'fetching the JWT of an account took long')
      if (this.#isClosed) throw new Error('the server is shutting down')
      const known = this.#known.get(account)
      if (known?.token === token && !this.#hasExpired(known)) return known
      // Of an account that has expired, an older JWT may still be good; what was revoked since would be good again, too.
      const isOlder = (claims: AccountClaims) => known !== undefined && claims.issuedAt < known.claims.issuedAt
      return this.#accept(account, token, isOlder)
    } catch (error) {
      const reason = (error as Error).message
      logger.warn({ account, reason }, 'account fetch failed')
      this.#fail(account, reason)
      throw error
    }
  }

  /** For the next moment it is not asked for again. */
  #fail(account: string, reason: string): void {
    if (this.#failures.size >= MAX_FAILURES) this.#failures.delete(this.#failures.keys().next().value as string)
    this.#failures.set(account, { untilMs: this.#tools.clock.now() + FAILURE_MS, reason })
  }

  /** Throws an `Error` for a JWT that is not good. */
  #accept(account: string, token: string, isOlder = (_claims: AccountClaims) => false): Known {
    const { clock, changed } = this.#tools
    const decoded = decodeJwt(token, 'account')
    if (!decoded.ok) throw new Error(decoded.reason)
    const { claims } = decoded
    const obstacle = this.#trust.isTrusted(claims.issuer)
      ? obstacleAmong(problemsOf(claims, clock.now()), true)?.text
      : 'it is not signed by a trusted operator'
    if (obstacle !== undefined) throw new Error(`account validation failed: ${obstacle}`)
    if (claims.subject !== account) throw new Error('account validation failed: it is that of another account')
    if (isOlder(claims)) throw new Error('account validation failed: it is older than the one that is known')
    this.#failures.delete(account)
    const before = this.#known.get(account)
    const known = { token, claims, updatedAtMs: clock.now(), defined: before?.defined ?? '', timer: undefined }
    this.#remember(known)
    if (before !== undefined) changed.call(this.#tools, account)
    return known
  }

  #remember(known: Known): void {
    const { subject, imports } = known.claims
    const before = this.#known.get(subject)
    if (before !== undefined) this.#drop(subject, before)
    else this.#makeRoom()
    this.#known.set(subject, known)
    for (const claim of imports) {
      if (claim === undefined) continue
      const importers = this.#importers.get(claim.account) ?? new Set()
      this.#importers.set(claim.account, importers.add(subject))
    }
    this.#define(subject)
    for (const importer of this.#importers.get(subject) ?? []) this.#define(importer)
  }

  #drop(account: string, { claims, timer }: Known): void {
    timer?.cancel()
    this.#known.delete(account)
    for (const claim of claims.imports) {
      const importers = this.#importers.get(claim?.account ?? '')
      if (importers?.delete(account) && importers.size === 0) this.#importers.delete(claim?.account ?? '')
    }
  }

  #makeRoom(): void {
    if (this.#known.size < MAX_ACCOUNTS) return
    const { forget, isInUse } = this.#tools
    for (const [account, known] of this.#known.entries().take(MAX_CANDIDATES)) {
      const isNeeded = account === this.#trust.systemAccount || this.#importers.has(account)
      if (isNeeded || (isInUse?.call(this.#tools, account) ?? true)) continue
      this.#drop(account, known)
      forget.call(this.#tools, account)
      return
    }
    throw new Error(`there are ${MAX_ACCOUNTS} accounts in use`)
  }

  /** Tells of what an account is by now, if it is other than it was. */
  #define(account: string): void {
    const known = this.#known.get(account)
    if (known === undefined) return
    const { clock, define } = this.#tools
    const definition = definitionOf(known.claims, {
      isKnown: (exporter) => this.#known.has(exporter),
      isActivated: (claim) => {
        const exporter = this.#known.get(claim.account)?.claims
        return exporter !== undefined && isActivated(claim, account, exporter, this.#trust, clock.now())
      },
    })
    const text = JSON.stringify(definition)
    this.#watch(account, known)
    if (known.defined === text) return
    known.defined = text
    define.call(this.#tools, definition)
  }

  /** Looks at the activation tokens again when the next one begins or ends. */
  #watch(account: string, known: Known): void {
    const { clock } = this.#tools
    known.timer?.cancel()
    const nowMs = clock.now()
    const moments = known.claims.imports.flatMap((claim) => {
      const activation = claim && activationOf(claim)
      return activation === undefined ? [] : [activation.notBefore * 1000, activation.expiresAt * 1000]
    })
    const next = Math.min(...moments.filter((moment) => moment > nowMs))
    known.timer = Number.isFinite(next)
      ? clock.after(Math.min(next - nowMs, MAX_TIMER_MS), () => this.#define(account))
      : undefined
  }

  /**
   * Those from which is imported, and so on. Those that cannot be had are told of; what is imported from them waits until
   * they can.
   */
  async #fetchExporters(claims: AccountClaims): Promise<void> {
    const seen = new Set([claims.subject])
    let importers = [claims]
    while (importers.length > 0) {
      const wanted: { readonly account: string; readonly exporter: string }[] = []
      for (const { subject: account, imports } of importers) {
        for (const exporter of new Set(imports.map((claim) => claim?.account ?? '')).difference(seen)) {
          seen.add(exporter)
          wanted.push({ account, exporter })
        }
      }
      const found: AccountClaims[] = []
      const waiting = wanted.values()
      const lane = async () => {
        for (const { account, exporter } of waiting) {
          try {
            found.push((this.#known.get(exporter) ?? (await this.#fetch(exporter))).claims)
          } catch (error) {
            const fields = { account, exporter, reason: (error as Error).message }
            this.#tools.logger.error(fields, 'cannot locate an account that another imports from')
          }
        }
      }
      await Promise.all(Array.from({ length: EXPORTER_LANES }, lane))
      importers = found
    }
  }
}
