import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { Authenticator, AuthenticatorTools } from '#auth'
import type { NatsServerOptions, WebsocketOptions } from '#config'
import { type Broker, Turn } from '#core'
import {
  type ConnectionSnapshot,
  LeafAcceptor,
  LeafDoor,
  type LeafDoorOptions,
  NatsDoor,
  newServerIdentity,
  type ServerIdentity,
} from '#doors/nats'
import { type Clock, ConfigError, type Logger } from '#kit'
import { formatAddress, loadTls, type Probe, type TlsOptions, type UpgradeHandler } from '#net'
import { createMonitoringHandler, type MonitoringSource, type ProtocolTrace, type PushesSnapshot } from '#ops'
import { boundedLog, FAILURES } from '../bounded-log.ts'
import { type CertifiedListener, filesOf } from '../certificates/certified-listener.ts'
import { type Change, changeLine, changesBetween } from '../reload/changes.ts'
import { inSteps, type ReloadStep } from '../reload/reload-step.ts'
import { type AuthenticatorOf, authenticators } from './authenticators.ts'
import { Authority, type PreparedAuthority } from './authority.ts'
import { type LeafAuthenticatorOf, leafAuthenticators } from './leaf-authenticators.ts'
import { LeafRemotes } from './leaf-remotes.ts'
import { monitoringSource } from './monitoring-source.ts'
import { type NatsAddresses, NatsListeners } from './nats-listeners.ts'
import { certificateChanges, type Rules, readRules, tlsPlaces } from './rules.ts'
import { SystemAccountService } from './system-account.ts'
import { type Mount, readWebsocketRules, type WebsocketAuthenticators } from './websocket-entrance.ts'

export interface NatsServiceTools {
  readonly broker: Broker
  readonly clock: Clock
  readonly logger: Logger
  /** A whole number from 0 up to, not including, its argument. */
  readonly random: (below: number) => number
  readonly trace?: ProtocolTrace | undefined
  /** `sha256:…` of the configuration file, for monitoring. */
  readonly configDigest?: string | undefined
  /** Answers the doctor on the ports of `websocket {}`; `undefined`: it is switched off. */
  readonly probe?: Probe | undefined
  /** For monitoring. */
  readonly pushes?: (() => PushesSnapshot) | undefined
  /** Who is asked about clients before the configuration is. */
  readonly otherLogins?: AuthenticatorTools['others']
  /** Reads the configuration anew, as SIGHUP has it done; for operators who ask for it over NATS. */
  readonly reloadConfiguration?: (() => Promise<unknown>) | undefined
}

/** What a reload has found right. */
interface NextOptions {
  readonly options: NatsServerOptions
  readonly authority: PreparedAuthority
  readonly authenticatorOf: AuthenticatorOf
  readonly leafAuthenticatorOf: LeafAuthenticatorOf | undefined
  readonly rules: Rules
  readonly changes: readonly Change[]
}

/** NATS with its listeners and its monitoring, on a broker that others use as well. */
export class NatsService {
  readonly identity: ServerIdentity
  readonly door: NatsDoor
  /** All leaf node connections. */
  readonly leafDoor: LeafDoor
  /** Links to other servers. */
  readonly remotes: LeafRemotes
  readonly #leafs: LeafAcceptor
  readonly #tools: NatsServiceTools
  readonly #listeners: NatsListeners
  readonly #authority: Authority
  readonly #system: SystemAccountService
  #options: NatsServerOptions
  #authenticators: WebsocketAuthenticators
  #configLoadedMs: number
  #configDigest: string
  readonly #source: MonitoringSource
  #monitor: RequestListener
  #isLeaving = false
  /** Settled when what was asked of it so far is done. Never rejects. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    { options, rules, authenticatorOf, leafAuthenticatorOf }: NextOptions,
    tools: NatsServiceTools,
    { identity, authority }: { readonly identity: ServerIdentity; readonly authority: Authority },
  ) {
    const { broker, clock, random, trace } = tools
    const logger = tools.logger.child({ door: 'nats' })
    this.identity = identity
    this.#authority = authority
    this.#tools = tools
    this.#options = options
    this.#authenticators = { authenticatorOf, leafAuthenticatorOf }
    this.#configLoadedMs = clock.now()
    this.#configDigest = tools.configDigest ?? ''
    let lastId = 0
    const shared: LeafDoorOptions = {
      broker,
      identity: this.identity,
      limits: options.nats,
      turn: new Turn(setImmediate),
      clock,
      logger,
      refusals: boundedLog(logger, clock, FAILURES),
      random,
      randomBytes,
      trace,
      observer: {
        loggedIn: (connection) => this.#system.loggedIn(connection),
        left: (connection) => this.#system.left(connection),
        loginRefused: (...refusal) => this.#system.loginRefused(...refusal),
      },
      nextId: () => ++lastId,
    }
    this.door = new NatsDoor({ ...shared, webSocketUrl: () => this.#listeners.webSocketUrl })
    this.leafDoor = new LeafDoor(shared)
    this.#leafs = new LeafAcceptor(this.leafDoor)
    this.#source = this.#createSource()
    this.#system = new SystemAccountService({
      ...tools,
      authority,
      door: this.door,
      leafDoor: this.leafDoor,
      source: this.#source,
      reload: async () => void (await (tools.reloadConfiguration ?? cannotReload)()),
    })
    this.#monitor = this.#createMonitor()
    this.#listeners = new NatsListeners(rules, {
      door: this.door,
      leafs: this.#leafs,
      clock,
      logger,
      probe: tools.probe,
      onMonitoring: (request, response) => this.#monitor(request, response),
    })
    const { compression } = this.#listeners
    this.remotes = new LeafRemotes({ broker, authority, door: this.leafDoor, compression })
  }

  /** Rejects with a `ConfigError` for what is wrong with files and addresses; nothing is left open then. */
  static async open(options: NatsServerOptions, tools: NatsServiceTools): Promise<NatsService> {
    let service: NatsService | undefined
    const identity = newServerIdentity(options.nats.serverName)
    const authority = new Authority({
      ...tools,
      identity,
      others: tools.otherLogins,
      changed: (account) => void service?.recheck((connection) => connection.account === account),
      stamp: () => (service === undefined ? {} : service.#system.stamp()),
    })
    const next = await readNext(options, authority)
    service = new NatsService(next, tools, { identity, authority })
    try {
      const step = await service.#prepare(next)
      step.install()
      return service
    } catch (error) {
      await service.close(0)
      throw error
    }
  }

  get options(): NatsServerOptions {
    return this.#options
  }

  /** What monitoring shows. */
  get monitoring(): MonitoringSource {
    return this.#source
  }

  get addresses(): NatsAddresses {
    return this.#listeners.addresses
  }

  /**
   * Takes over other options while clients are connected; resolves with a line for each that changed and for each
   * connection that ended because of it. Rejects with a `ConfigError` and changes nothing when that cannot be. One that
   * is called while another is under way waits for it.
   */
  reload(options: NatsServerOptions, configDigest?: string): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const next = await this.#read(options)
      const step = await this.#prepare(next)
      if (this.#isLeaving) {
        await step.undo()
        throw onItsWayOut()
      }
      // From here on nothing can fail.
      this.#options = options
      this.#configDigest = configDigest ?? this.#configDigest
      this.#configLoadedMs = this.#tools.clock.now()
      step.install()
      const ended = await this.recheck()
      ended.push(...this.door.reconfigure({ limits: options.nats }))
      this.leafDoor.reconfigure({ limits: options.nats })
      return [...next.changes.map(changeLine), ...ended.map((one) => `closed ${connectionLine(one)}`)]
    })
  }

  /**
   * What `reload` would do, of which nothing is done: rejects as it would, and resolves with the same lines. Addresses
   * that are not this service's own are opened for a moment, to see whether they can be had.
   */
  rehearse(options: NatsServerOptions): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const { rules, changes, authority } = await this.#read(options)
      try {
        await this.remotes.prepare(options.leafnodes)
        await this.#listeners.tryAddresses(rules)
        const supposed = this.#listeners.supposing(rules)
        const ending = await this.door.unwelcome({
          profileOf: (holder) => supposed.get(holder) ?? holder.current,
          maxConnections: options.nats.maxConnections,
        })
        const supposedLeafs = this.#listeners.supposingLeafs(rules)
        ending.push(...(await this.#leafs.unwelcome((holder) => supposedLeafs.get(holder) ?? holder.current)))
        return [...changes.map(changeLine), ...ending.map((one) => `would close ${connectionLine(one)}`)]
      } finally {
        await authority.step.undo()
      }
    })
  }

  /**
   * NATS over WebSocket by the rules of such a block, for upgrades of somebody else's HTTP server. Rejects with a
   * `ConfigError`.
   */
  mount(options: WebsocketOptions, mount: Mount = {}): Promise<UpgradeHandler> {
    return this.#inTurn(async () => {
      const { authenticator } = mount
      const rules = await readWebsocketRules(options, this.#authenticators)
      return this.#listeners.mount(rules, {
        ...mount,
        ...(authenticator && { authenticator: this.#slowedDown(authenticator) }),
      })
    })
  }

  /** The listeners with TLS. One that is renewed reads its files again; who is connected stays. */
  get certified(): readonly CertifiedListener[] {
    return tlsPlaces(this.#listeners.rules).map(({ name, options, tls }) => ({
      name,
      files: filesOf(options),
      certificates: tls.certificates,
      renew: () => this.#inTurn(() => this.#renew(name, options)),
    }))
  }

  /** Stops taking connections, tells clients to go elsewhere and ends them one by one. Resolves when the last is gone. */
  async lameDuck(): Promise<void> {
    this.stop()
    this.#system.lameDuck()
    const { lameDuckDurationMs: durationMs, lameDuckGraceMs: graceMs } = this.#options.nats
    await this.door.lameDuck({ durationMs, graceMs })
  }

  /** Takes no more connections of clients; monitoring goes on. */
  stop(): void {
    this.#isLeaving = true
    this.#listeners.stop()
  }

  /**
   * Ends every connection, those to other servers only when `lastWord` is settled. Resolves when the last is gone, after
   * `graceMs` by force.
   */
  async close(graceMs: number, lastWord?: Promise<unknown>): Promise<void> {
    this.stop()
    this.#system.close()
    this.door.close()
    const lastLeaf = this.#closeLeafs(lastWord)
    await this.#turn
    await this.#listeners.close(graceMs)
    await lastLeaf
    await this.#authority.close()
  }

  async #closeLeafs(lastWord: Promise<unknown> | undefined): Promise<void> {
    this.#leafs.close()
    await lastWord?.catch(() => {})
    this.remotes.close()
    await this.leafDoor.close()
  }

  /** As `NatsDoor.recheck`, of clients and leaf nodes. */
  async recheck(which?: (connection: ConnectionSnapshot) => boolean): Promise<ConnectionSnapshot[]> {
    this.remotes.recheck()
    const ended = await Promise.all([this.door.recheck(which), this.#leafs.recheck(which)])
    return ended.flat()
  }

  #slowedDown(authenticator: Authenticator): Authenticator {
    const maxDelayMs = () => this.#options.nats.authorization.maxFailureDelayMs ?? Number.POSITIVE_INFINITY
    return this.#authority.slowedDown(authenticator, maxDelayMs)
  }

  /** Each waits for those that were called before it, whatever became of them. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  async #read(options: NatsServerOptions): Promise<NextOptions> {
    if (this.#isLeaving) throw onItsWayOut()
    const changes = changesBetween(servedOf(this.#options), servedOf(options))
    const refused = changes.filter(isFixed)
    if (refused.length > 0) {
      throw new ConfigError(refused.map((change) => `config reload not supported for ${changeLine(change)}`).join('\n'))
    }
    const next = await readNext(options, this.#authority, this.#listeners.mountedOptions)
    return { ...next, changes: [...changes, ...certificateChanges(this.#listeners.rules, next.rules)] }
  }

  /** A reload that came in between has read the files already. */
  async #renew(name: string, options: TlsOptions): Promise<void> {
    const place = tlsPlaces(this.#listeners.rules).find((one) => one.name === name && one.options === options)
    if (place === undefined || this.#isLeaving) return
    const step = await this.#listeners.prepare(place.with(await loadTls(options)))
    step.install()
  }

  /** Opens what is not open yet. Rejects with a `ConfigError` when an address cannot be had; nothing has changed then. */
  #prepare({ options, authority, authenticatorOf, leafAuthenticatorOf, rules }: NextOptions): Promise<ReloadStep> {
    return inSteps(async (add) => {
      add(authority.step)
      add(await this.#listeners.prepare(rules))
      add(await this.remotes.prepare(options.leafnodes))
      const { basePath } = this.#options.monitoring ?? {}
      const install = () => {
        this.#authenticators = { authenticatorOf, leafAuthenticatorOf }
        this.#system.configure()
        if (options.monitoring?.basePath !== basePath) this.#monitor = this.#createMonitor()
      }
      add({ install, undo: async () => {} })
    })
  }

  #createMonitor(): RequestListener {
    const { clock, logger } = this.#tools
    const basePath = this.#options.monitoring?.basePath ?? ''
    return createMonitoringHandler(this.#source, { basePath, clock, logger })
  }

  #createSource(): MonitoringSource {
    const service = this
    return monitoringSource({
      identity: this.identity,
      broker: this.#tools.broker,
      door: this.door,
      leafDoor: this.leafDoor,
      startMs: this.#tools.clock.now(),
      get options() {
        return service.#options
      },
      get authenticator() {
        return service.#listeners.authenticator
      },
      get leafAuthTimeoutMs() {
        return service.#listeners.leafAuthTimeoutMs
      },
      get configLoadedMs() {
        return service.#configLoadedMs
      },
      get configDigest() {
        return service.#configDigest
      },
      get addresses() {
        return service.addresses
      },
      pushes: this.#tools.pushes,
      accountJwt: (name) => this.#authority.operator?.accountJwt(name),
      unreadyListeners: () => this.#listeners.unready,
    })
  }
}

/** Rejects with a `ConfigError` for what is wrong with files; nothing is left open then. */
async function readNext(
  options: NatsServerOptions,
  authority: Authority,
  mounted: readonly WebsocketOptions[] = [],
): Promise<NextOptions> {
  const prepared = await authority.prepare(options.nats)
  try {
    const authenticatorOf = authenticators(options, prepared.tools)
    const { listener } = options.leafnodes
    const leafAuthenticatorOf = listener && leafAuthenticators(listener, options.nats.authorization, prepared)
    const rules = await readRules(options, { authenticatorOf, leafAuthenticatorOf, mounted })
    return { options, authority: prepared, authenticatorOf, leafAuthenticatorOf, rules, changes: [] }
  } catch (error) {
    await prepared.step.undo()
    throw error
  }
}

/** What this service serves; the log and the files of the process are somebody else's. */
function servedOf({ nats, websockets, leafnodes, monitoring }: NatsServerOptions) {
  return { nats, websockets, leafnodes, monitoring }
}

/** What clients were told once and for all. */
function isFixed({ option }: Change): boolean {
  return option === 'nats.serverName'
}

async function cannotReload(): Promise<never> {
  throw new ConfigError('there is no configuration to be read anew')
}

function onItsWayOut(): ConfigError {
  return new ConfigError('the server is on its way out')
}

function connectionLine({ cid, ip, port, name, reason }: ConnectionSnapshot): string {
  const who = name === '' ? '' : ` ${JSON.stringify(name)}`
  return `connection ${cid} of ${formatAddress({ host: ip, port })}${who}: ${reason}`
}
