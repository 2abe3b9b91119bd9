import type { Account } from '#core'
import { type ClientTlsSettings, formatAddress, type Lookup, type WebSocketCompression } from '#net'
import type { CloseReason } from '../../close-reason.ts'
import { LeafConnection } from '../connection.ts'
import type { LeafDoor } from '../door.ts'
import type { LeafLink } from '../link.ts'
import { AttemptLog } from './attempt-log.ts'
import { type LeafLogin, readLogin } from './credentials.ts'
import { SolicitedHandshake } from './handshake.ts'
import type { HubInfo } from './hub-info.ts'
import { LeafFailure, leafFailure } from './leaf-failure.ts'
import { reconnectDelayMs } from './reconnect-delay.ts'
import { RecurringFailures } from './recurring-failures.ts'
import type { LeafRemoteOptions, SolicitedUrl } from './remote-options.ts'
import { ServerUrls } from './server-urls.ts'
import { openWay, type Way } from './way.ts'

/** A link that lived at least so long was a good one: what follows is a new trouble. */
const STEADY_MS = 10_000

export interface LeafRemoteTools {
  readonly door: LeafDoor
  /** One for the whole server. */
  readonly compression: WebSocketCompression
  /** How TLS is done: asked for each attempt that needs it. */
  tls(): Promise<ClientTlsSettings>
  /** The shortest pause between two attempts: `reconnect` of the configuration, at least 1. */
  reconnectMs(): number
  /** The account of that name, `undefined` when there is none; default: whatever the broker has. */
  account?(name: string): Account | undefined | Promise<Account | undefined>
  /** See `AnnouncedInterest`. */
  readonly covers?: readonly string[] | undefined
  /** There is a link, and what is wanted here was told; or there is none any more. Must not throw. */
  onLink?(link: LeafLink | undefined): void
  /** Default: that of the system. */
  readonly lookup?: Lookup | undefined
}

/**
 * One entry of `remotes`, for as long as it is configured: there is a link, or it is tried to make one. Never more than
 * one attempt at a time.
 */
export class LeafRemote {
  readonly options: LeafRemoteOptions
  readonly #tools: LeafRemoteTools
  readonly #urls: ServerUrls
  readonly #failures: RecurringFailures
  readonly #stop = new AbortController()
  #connection: LeafConnection | undefined
  #link: LeafLink | undefined
  /** Attempts that failed since there was a link that lasted. */
  #failed = 0
  /** The same, since all URLs were tried once. */
  #failedInRound = 0
  #linkedAtMs = 0
  #isStarted = false

  constructor(options: LeafRemoteOptions, tools: LeafRemoteTools) {
    const { random, logger, clock } = tools.door.context
    this.options = options
    this.#tools = tools
    this.#urls = new ServerUrls({ ...options, random })
    this.#failures = new RecurringFailures(logger, clock)
  }

  /** `undefined` while there is none. */
  get link(): LeafLink | undefined {
    return this.#link
  }

  /** The first attempt begins at once. Repeating it does nothing. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#run().catch((error: unknown) => {
      this.#tools.door.context.logger.error({ error, url: shown(this.options.urls[0]!) }, 'leaf node remote failed')
    })
  }

  /** Ends the link; another one is made. */
  drop(reason: CloseReason): void {
    if (this.#link !== undefined) this.#connection?.close(reason)
  }

  /** Ends the link, or the attempt to make one, for good. */
  close(reason: CloseReason = 'Client Closed'): void {
    this.#stop.abort()
    this.#connection?.close(reason)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const url = this.#urls.next()
      const failure = await this.#attempt(url).catch(leafFailure)
      if (signal.aborted) return
      await this.#pause(this.#delayAfter(failure, url))
    }
  }

  /** Resolves with why there is no link, or none any more. Rejects with the same. */
  async #attempt(url: SolicitedUrl): Promise<LeafFailure> {
    const { options } = this
    const { door, tls, compression, lookup } = this.#tools
    const { context } = door
    const { signal } = this.#stop
    context.logger.debug({ url: shown(url) }, 'trying to connect as leaf node')
    const account = await this.#account()
    const login = await readLogin(options, url)
    const way = await openWay({ url, options, urls: this.#urls, context, tls, compression, lookup, signal })
    const ended = this.#converse(way, { account, login, url })
    // Whoever closed this meanwhile found no connection yet.
    if (signal.aborted) this.close()
    return ended
  }

  async #account(): Promise<Account> {
    const { door, account = (name) => door.context.broker.find(name) } = this.#tools
    const found = await account(this.options.account)
    if (found !== undefined) return found
    const hint = 'define it, or have its JWT pushed to the resolver'
    throw new LeafFailure(
      'ACCOUNT',
      `Unable to lookup account ${this.options.account} for solicited leafnode connection`,
      {
        hint,
      },
    )
  }

  /** From INFO on, until the connection ends. */
  #converse(way: Way, { account, login, url }: Conversation): Promise<LeafFailure> {
    const { options } = this
    const { door, covers } = this.#tools
    const { context } = door
    const { promise: ended, resolve } = Promise.withResolvers<LeafFailure>()
    const log = new AttemptLog(context.logger)
    let handshake: SolicitedHandshake | undefined
    const shakeHands = (connection: LeafConnection): SolicitedHandshake => {
      handshake = new SolicitedHandshake({
        connection,
        door,
        options,
        account,
        login,
        covers,
        onInfo: (info) => this.#learn(info),
        onLink: (link) => {
          log.isLinked = true
          this.#linked(link, connection, url)
        },
        onEnd: (failure) => {
          this.#ended(failure, connection)
          resolve(detailed(failure, log.lastReason))
        },
      })
      return handshake
    }
    way({
      logger: log,
      maxPayloadBytes: () => handshake?.hubMaxPayloadBytes ?? 0,
      receiver: (carrier) => {
        const connection = new LeafConnection({
          id: door.nextId(),
          carrier,
          context,
          logger: log,
          isWebSocket: isWebSocket(url),
          awaitsConnect: false,
          writeTimeoutPolicy: options.writeTimeoutPolicy,
          pingIntervalMs: () => context.limits.pingIntervalMs,
          handshake: shakeHands,
        })
        this.#connection = connection
        door.enter(connection)
        return connection
      },
    })
    return ended
  }

  #learn({ urls, webSocketUrls }: HubInfo): void {
    const { ignoresDiscoveredServers, urls: configured } = this.options
    if (ignoresDiscoveredServers || !(urls?.length || webSocketUrls?.length)) return
    this.#urls.discovered((isWebSocket(configured[0]!) ? webSocketUrls : urls) ?? [])
  }

  #linked(link: LeafLink, { log }: LeafConnection, url: SolicitedUrl): void {
    this.#link = link
    this.#linkedAtMs = this.#nowMs
    this.#failures.forget()
    log.describe({ clientName: link.otherSide.name })
    log.info({ url: shown(url) }, 'leaf node connected')
    this.#tools.onLink?.(link)
  }

  #ended({ message }: LeafFailure, { log }: LeafConnection): void {
    this.#connection = undefined
    if (this.#link === undefined) return
    this.#link = undefined
    log.info({ reason: message }, 'leaf node closed')
    this.#tools.onLink?.(undefined)
  }

  /** Milliseconds until the next attempt; says why there is none before. */
  #delayAfter(failure: LeafFailure, url: SolicitedUrl): number {
    const { code, message, hint } = failure
    const wasSteady = code === 'LOST' && this.#nowMs - this.#linkedAtMs >= STEADY_MS
    this.#failed = wasSteady ? 1 : this.#failed + 1
    this.#failedInRound = code === 'UNREACHABLE' ? this.#failedInRound + 1 : 0
    const hasUntried = this.#failedInRound > 0 && this.#failedInRound < this.#urls.count
    if (!hasUntried) this.#failedInRound = 0
    const { random } = this.#tools.door.context
    const options = { code, failures: this.#failed, hasUntried, reconnectMs: this.#tools.reconnectMs(), random }
    const retryMs = reconnectDelayMs(options)
    // Of a link that ended it was said that it did.
    if (code === 'LOST') return retryMs
    const event = code === 'UNREACHABLE' ? 'leaf node server not reached' : 'leaf node not connected'
    const where = { url: shown(url), account: this.options.account, attempt: this.#failed }
    this.#failures.report(`${shown(url)} ${message}`, { ...where, reason: message, hint, retryMs }, event)
    return retryMs
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stop
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#tools.door.context.clock.after(ms, resolve)
    const onAbort = () => {
      timer.cancel()
      resolve()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    return promise.finally(() => signal.removeEventListener('abort', onAbort))
  }

  get #nowMs(): number {
    return this.#tools.door.context.clock.now()
  }
}

interface Conversation {
  readonly account: Account
  readonly login: LeafLogin
  readonly url: SolicitedUrl
}

function isWebSocket({ scheme }: SolicitedUrl): boolean {
  return scheme === 'ws' || scheme === 'wss'
}

/** Without user and password. */
function shown({ scheme, path, ...address }: SolicitedUrl): string {
  return `${scheme}://${formatAddress(address)}${path}`
}

/** With what the connection said of its end, where nothing better is known. */
function detailed(failure: LeafFailure, detail: string | undefined): LeafFailure {
  if (failure.code !== 'PROTOCOL' || failure.hint !== undefined || detail === undefined) return failure
  return new LeafFailure(failure.code, `${failure.message}: ${detail}`)
}
