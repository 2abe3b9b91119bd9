import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { AuthenticatorTools, LoginFailures } from '#auth'
import type { NatsServerOptions, WebsocketOptions } from '#config'
import { type Broker, Turn } from '#core'
import { type ConnectionSnapshot, NatsDoor, newServerIdentity, type ServerIdentity } from '#doors/nats'
import { type Clock, ConfigError, type Logger } from '#kit'
import { formatAddress, type ListenAddress, type UpgradeHandler, WebSocketCompression } from '#net'
import { createMonitoringHandler, type MonitoringSource, type ProtocolTrace } from '#ops'
import { type AuthenticatorOf, authenticators } from './authenticators.ts'
import { Authority, type PreparedAuthority } from './authority.ts'
import { boundedLog, FAILURES } from './bounded-log.ts'
import { type Change, changeLine, changesBetween } from './changes.ts'
import { type MonitoringAddresses, MonitoringListeners } from './monitoring-listeners.ts'
import { monitoringSource } from './monitoring-source.ts'
import { type AnyPort, isInTheWay, isSameAddress, tryAddress } from './port.ts'
import { inSteps, type ReloadStep } from './reload-step.ts'
import { addressesOf, certificateChanges, type Rules, readRules } from './rules.ts'
import { SystemAccountService } from './system-account.ts'
import { TcpListener } from './tcp-listener.ts'
import {
  type Mount,
  readWebsocketRules,
  WebsocketEntrance,
  type WebsocketRules,
  type WebsocketSurroundings,
} from './websocket-entrance.ts'
import { WebsocketListeners } from './websocket-listeners.ts'

/** Where NATS is served. */
export interface NatsAddresses {
  readonly nats: ListenAddress
  /** In the order of the options. */
  readonly websockets: readonly ListenAddress[]
  readonly monitoring: MonitoringAddresses
}

export interface NatsServiceTools {
  readonly broker: Broker
  readonly clock: Clock
  readonly logger: Logger
  /** A whole number from 0 up to, not including, its argument. */
  readonly random: (below: number) => number
  readonly trace?: ProtocolTrace | undefined
  /** `sha256:…` of the configuration file, for monitoring. */
  readonly configDigest?: string | undefined
  /** Who is asked about clients before the configuration is. */
  readonly otherLogins?: AuthenticatorTools['others']
  /** Default: one of its own. */
  readonly loginFailures?: LoginFailures | undefined
  /** Reads the configuration anew, as SIGHUP has it done; for operators who ask for it over NATS. */
  readonly reloadConfiguration?: (() => Promise<unknown>) | undefined
}

/** What a reload has found right. */
interface NextOptions {
  readonly options: NatsServerOptions
  readonly authority: PreparedAuthority
  readonly authenticatorOf: AuthenticatorOf
  readonly rules: Rules
  /** In the order of `#mounted`. */
  readonly mountedRules: readonly WebsocketRules[]
  readonly changes: readonly Change[]
}

/** NATS with its listeners and its monitoring, on a broker that others use as well. */
export class NatsService {
  readonly identity: ServerIdentity
  readonly door: NatsDoor
  readonly #tools: NatsServiceTools
  readonly #tcp: TcpListener
  readonly #websockets: WebsocketListeners
  readonly #monitoring: MonitoringListeners
  readonly #websocketSurroundings: WebsocketSurroundings
  readonly #authority: Authority
  readonly #system: SystemAccountService
  #options: NatsServerOptions
  #authenticatorOf: AuthenticatorOf
  #rules: Rules
  #configLoadedMs: number
  #configDigest: string
  readonly #source: MonitoringSource
  #monitor: RequestListener
  /** On somebody else's HTTP servers, for as long as this one runs. */
  readonly #mounted: { readonly entrance: WebsocketEntrance; readonly options: WebsocketOptions }[] = []
  #isLeaving = false
  /** Settled when what was asked of it so far is done. Never rejects. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    { options, rules, authenticatorOf }: NextOptions,
    tools: NatsServiceTools,
    { identity, authority }: { readonly identity: ServerIdentity; readonly authority: Authority },
  ) {
    const { broker, clock, logger, random, trace } = tools
    this.identity = identity
    this.#authority = authority
    this.#tools = tools
    this.#options = options
    this.#authenticatorOf = authenticatorOf
    this.#rules = rules
    this.#configLoadedMs = clock.now()
    this.#configDigest = tools.configDigest ?? ''
    this.door = new NatsDoor({
      broker,
      identity: this.identity,
      limits: options.nats,
      turn: new Turn(setImmediate),
      clock,
      logger: logger.child({ door: 'nats' }),
      refusals: boundedLog(logger.child({ door: 'nats' }), clock, FAILURES),
      random,
      randomBytes,
      trace,
      observer: {
        loggedIn: (connection) => this.#system.loggedIn(connection),
        left: (connection) => this.#system.left(connection),
        loginRefused: (connection, reason) => this.#system.loginRefused(connection, reason),
      },
      webSocketUrl: () => this.#webSocketUrl,
    })
    this.#websocketSurroundings = {
      door: this.door,
      compression: new WebSocketCompression(),
      maxPayloadBytes: () => this.#options.nats.maxPayloadBytes,
      clock,
      logger: logger.child({ door: 'nats' }),
    }
    this.#tcp = new TcpListener(rules.tcp, this.door, { logger: logger.child({ door: 'nats' }), clock })
    this.#websockets = new WebsocketListeners(this.#websocketSurroundings)
    this.#source = this.#createSource()
    this.#system = new SystemAccountService({
      ...tools,
      authority,
      door: this.door,
      source: this.#source,
      reload: async () => void (await (tools.reloadConfiguration ?? cannotReload)()),
    })
    this.#monitor = this.#createMonitor()
    this.#monitoring = new MonitoringListeners((request, response) => this.#monitor(request, response))
  }

  /** Rejects with a `ConfigError` for what is wrong with files and addresses; nothing is left open then. */
  static async open(options: NatsServerOptions, tools: NatsServiceTools): Promise<NatsService> {
    let service: NatsService | undefined
    const identity = newServerIdentity(options.nats.serverName)
    const authority = new Authority({
      ...tools,
      identity,
      others: tools.otherLogins,
      changed: (account) => void service?.door.recheck((connection) => connection.account === account),
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

  get addresses(): NatsAddresses {
    return {
      nats: this.#tcp.address,
      websockets: this.#websockets.addresses,
      monitoring: this.#monitoring.addresses,
    }
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
      const ended = await this.door.recheck()
      ended.push(...this.door.reconfigure({ limits: options.nats }))
      return [...next.changes.map(changeLine), ...ended.map((one) => `closed ${connectionLine(one)}`)]
    })
  }

  /**
   * What `reload` would do, of which nothing is done: rejects as it would, and resolves with the same lines. Addresses
   * that are not this service's own are opened for a moment, to see whether they can be had.
   */
  rehearse(options: NatsServerOptions): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const { rules, mountedRules, changes, authority } = await this.#read(options)
      try {
        await this.#tryAddresses(rules)
        const supposed = new Map([
          ...this.#tcp.supposing(rules.tcp),
          ...this.#websockets.supposing(rules.websockets),
          ...this.#mounted.map(({ entrance }, i) => entrance.supposing(mountedRules[i])),
        ])
        const ending = await this.door.unwelcome({
          profileOf: (holder) => supposed.get(holder) ?? holder.current,
          maxConnections: options.nats.maxConnections,
        })
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
      const rules = await readWebsocketRules(options, this.#authenticatorOf)
      const entrance = new WebsocketEntrance(rules, mount, this.#websocketSurroundings)
      this.#mounted.push({ entrance, options })
      return (request, socket, head) => entrance.handleUpgrade(request, socket, head)
    })
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
    this.#tcp.stop()
    this.#websockets.stop()
  }

  /** Ends every connection. Resolves when the last is gone, after `graceMs` by force. */
  async close(graceMs: number): Promise<void> {
    this.stop()
    this.#system.close()
    this.door.close()
    await this.#turn
    await Promise.all([this.#tcp, this.#websockets, this.#monitoring].map((listeners) => listeners.close(graceMs)))
    await this.#authority.close()
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
    const next = await readNext(options, this.#authority, this.#mounted)
    return { ...next, changes: [...changes, ...certificateChanges(this.#rules, next.rules)] }
  }

  /** Opens what is not open yet. Rejects with a `ConfigError` when an address cannot be had; nothing has changed then. */
  #prepare({ options, authority, authenticatorOf, rules, mountedRules }: NextOptions): Promise<ReloadStep> {
    return inSteps(async (add) => {
      add(authority.step)
      const wanted = addressesOf(rules)
      for (const port of this.#leaving(rules)) {
        if (wanted.some((address) => isInTheWay(port, address))) add(port.giveWay())
      }
      add(await this.#tcp.prepare(rules.tcp))
      add(await this.#websockets.prepare(rules.websockets))
      add(await this.#monitoring.prepare(rules.monitoring))
      const { basePath } = this.#options.monitoring ?? {}
      const install = () => {
        this.#rules = rules
        this.#authenticatorOf = authenticatorOf
        for (const [i, { entrance }] of this.#mounted.entries()) entrance.configure(mountedRules[i]!)
        this.#system.configure()
        if (options.monitoring?.basePath !== basePath) this.#monitor = this.#createMonitor()
      }
      add({ install, undo: async () => {} })
    })
  }

  async #tryAddresses(rules: Rules): Promise<void> {
    const leaving = this.#leaving(rules)
    const kept = addressesOf(this.#rules)
    for (const wanted of addressesOf(rules)) {
      const isOurs = kept.some((one) => isSameAddress(one, wanted)) || leaving.some((port) => isInTheWay(port, wanted))
      if (!isOurs) await tryAddress(wanted)
    }
  }

  /** Ports that do not stay where they are. */
  #leaving({ tcp, websockets, monitoring }: Rules): readonly AnyPort[] {
    return [...this.#tcp.leaving(tcp), ...this.#websockets.leaving(websockets), ...this.#monitoring.leaving(monitoring)]
  }

  get #webSocketUrl(): string | undefined {
    const [address] = this.#websockets.addresses
    const [options] = this.#options.websockets
    if (address === undefined || options === undefined) return undefined
    const { tls, advertise = formatAddress(address), path = '' } = options
    return `${tls ? 'wss' : 'ws'}://${advertise}${path}`
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
      startMs: this.#tools.clock.now(),
      get options() {
        return service.#options
      },
      get authenticator() {
        return service.#tcp.authenticator
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
      accountJwt: (name) => this.#authority.operator?.accountJwt(name),
      unreadyListeners: () => [
        ...(this.#tcp.isListening ? [] : ['server']),
        ...(this.#websockets.areListening ? [] : ['websocket']),
      ],
    })
  }
}

/** Rejects with a `ConfigError` for what is wrong with files; nothing is left open then. */
async function readNext(
  options: NatsServerOptions,
  authority: Authority,
  mounted: readonly { readonly options: WebsocketOptions }[] = [],
): Promise<NextOptions> {
  const prepared = await authority.prepare(options.nats)
  try {
    const authenticatorOf = authenticators(options, prepared.tools)
    const [rules, mountedRules] = await Promise.all([
      readRules(options, authenticatorOf),
      Promise.all(mounted.map((one) => readWebsocketRules(one.options, authenticatorOf))),
    ])
    return { options, authority: prepared, authenticatorOf, rules, mountedRules, changes: [] }
  } catch (error) {
    await prepared.step.undo()
    throw error
  }
}

/** What this service serves; the log and the files of the process are somebody else's. */
function servedOf({ nats, websockets, monitoring }: NatsServerOptions) {
  return { nats, websockets, monitoring }
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
