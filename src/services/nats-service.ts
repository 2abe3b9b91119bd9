import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { NatsServerOptions, WebsocketOptions } from '#config'
import { type Broker, DEFAULT_ACCOUNT, Turn } from '#core'
import { NatsDoor, newServerIdentity, type ServerIdentity } from '#doors/nats'
import { type Clock, ConfigError, type Logger } from '#kit'
import { formatAddress, type ListenAddress, type UpgradeHandler, WebSocketCompression } from '#net'
import { createMonitoringHandler, type ProtocolTrace } from '#ops'
import { type Change, changeLine, changesBetween } from './changes.ts'
import {
  type MonitoringAddresses,
  MonitoringListeners,
  type MonitoringRules,
  readMonitoringRules,
} from './monitoring-listeners.ts'
import { monitoringSource } from './monitoring-source.ts'
import type { ReloadStep } from './port.ts'
import { readTcpRules, TcpListener, type TcpRules } from './tcp-listener.ts'
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
}

/** All options, read and found right: only ports can still be in the way. */
interface Rules {
  readonly tcp: TcpRules
  readonly websockets: readonly WebsocketRules[]
  readonly monitoring: MonitoringRules | undefined
}

/** NATS with its listeners and its monitoring, on a broker that others use as well. */
export class NatsService {
  readonly identity: ServerIdentity
  readonly door: NatsDoor
  readonly #tools: NatsServiceTools
  readonly #startMs: number
  readonly #tcp: TcpListener
  readonly #websockets: WebsocketListeners
  readonly #monitoring: MonitoringListeners
  readonly #websocketSurroundings: WebsocketSurroundings
  #options: NatsServerOptions
  #configLoadedMs: number
  #configDigest: string
  #monitor: RequestListener
  /** On somebody else's HTTP servers, for as long as this one runs. */
  readonly #mounted: { readonly entrance: WebsocketEntrance; readonly options: WebsocketOptions }[] = []
  #isLeaving = false

  private constructor(options: NatsServerOptions, rules: Rules, tools: NatsServiceTools) {
    const { broker, clock, logger, random, trace } = tools
    this.#tools = tools
    this.#options = options
    this.#startMs = clock.now()
    this.#configLoadedMs = this.#startMs
    this.#configDigest = tools.configDigest ?? ''
    this.identity = newServerIdentity(options.nats.serverName)
    // The account of those who name none is there from the beginning, as monitoring shows it.
    broker.account(DEFAULT_ACCOUNT)
    this.door = new NatsDoor({
      broker,
      identity: this.identity,
      limits: options.nats,
      turn: new Turn(setImmediate),
      clock,
      logger: logger.child({ door: 'nats' }),
      random,
      randomBytes,
      trace,
      webSocketUrl: () => this.#webSocketUrl,
    })
    this.#websocketSurroundings = {
      door: this.door,
      compression: new WebSocketCompression(),
      maxPayloadBytes: () => this.#options.nats.maxPayloadBytes,
      logger: logger.child({ door: 'nats' }),
    }
    this.#tcp = new TcpListener(rules.tcp, this.door, logger.child({ door: 'nats' }))
    this.#websockets = new WebsocketListeners(this.#websocketSurroundings)
    this.#monitor = this.#createMonitor()
    this.#monitoring = new MonitoringListeners((request, response) => this.#monitor(request, response))
  }

  /** Rejects with a `ConfigError` for what is wrong with files and addresses; nothing is left open then. */
  static async open(options: NatsServerOptions, tools: NatsServiceTools): Promise<NatsService> {
    const rules = await readRules(options)
    const service = new NatsService(options, rules, tools)
    try {
      for (const step of await service.#prepare(rules)) step.install()
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
   * connection that ended because of it. Rejects with a `ConfigError` and changes nothing when that cannot be.
   */
  async reload(options: NatsServerOptions, configDigest?: string): Promise<readonly string[]> {
    if (this.#isLeaving) throw new ConfigError('the server is on its way out')
    const changes = changesBetween(servedOf(this.#options), servedOf(options))
    const refused = changes.filter(isFixed)
    if (refused.length > 0) {
      throw new ConfigError(refused.map((change) => `config reload not supported for ${changeLine(change)}`).join('\n'))
    }
    const rules = await readRules(options)
    const mounted = await Promise.all(
      this.#mounted.map(async (mount) => ({ ...mount, rules: await readWebsocketRules(mount.options, options.nats) })),
    )
    const steps = await this.#prepare(rules)

    // From here on nothing can fail.
    const before = this.#options
    this.#options = options
    this.#configDigest = configDigest ?? this.#configDigest
    this.#configLoadedMs = this.#tools.clock.now()
    for (const step of steps) step.install()
    for (const mount of mounted) mount.entrance.configure(mount.rules)
    if (options.monitoring?.basePath !== before.monitoring?.basePath) this.#monitor = this.#createMonitor()
    this.door.reconfigure({ limits: options.nats })
    const ended = await this.door.endUnwelcome()
    return [
      ...changes.map(changeLine),
      ...ended.map(({ cid, ip, port, name, reason }) => {
        const who = name === '' ? '' : ` ${JSON.stringify(name)}`
        return `closed connection ${cid} of ${formatAddress({ host: ip, port })}${who}: ${reason}`
      }),
    ]
  }

  /**
   * NATS over WebSocket by the rules of such a block, for upgrades of somebody else's HTTP server. Rejects with a
   * `ConfigError`.
   */
  async mount(options: WebsocketOptions, mount: Mount = {}): Promise<UpgradeHandler> {
    const rules = await readWebsocketRules(options, this.#options.nats)
    const entrance = new WebsocketEntrance(rules, mount, this.#websocketSurroundings)
    this.#mounted.push({ entrance, options })
    return entrance.handleUpgrade
  }

  /** Stops taking connections, tells clients to go elsewhere and ends them one by one. Resolves when the last is gone. */
  async lameDuck(): Promise<void> {
    this.stop()
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
    this.door.close()
    await Promise.all([this.#tcp, this.#websockets, this.#monitoring].map((listeners) => listeners.close(graceMs)))
  }

  /** Opens what is not open yet. Rejects with a `ConfigError` when an address cannot be had; nothing has changed then. */
  async #prepare({ tcp, websockets, monitoring }: Rules): Promise<readonly ReloadStep[]> {
    const steps: ReloadStep[] = []
    try {
      steps.push(await this.#tcp.prepare(tcp))
      steps.push(await this.#websockets.prepare(websockets))
      steps.push(await this.#monitoring.prepare(monitoring))
      return steps
    } catch (error) {
      await Promise.all(steps.map((step) => step.undo()))
      throw error
    }
  }

  get #webSocketUrl(): string | undefined {
    const [address] = this.#websockets.addresses
    const [options] = this.#options.websockets
    return address && options && `${options.tls ? 'wss' : 'ws'}://${options.advertise ?? formatAddress(address)}`
  }

  #createMonitor(): RequestListener {
    const { broker, clock, logger } = this.#tools
    const service = this
    const source = monitoringSource({
      identity: this.identity,
      broker,
      door: this.door,
      startMs: this.#startMs,
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
      unreadyListeners: () => [
        ...(service.#tcp.isListening ? [] : ['server']),
        ...(service.#websockets.areListening ? [] : ['websocket']),
      ],
    })
    return createMonitoringHandler(source, { basePath: this.#options.monitoring?.basePath ?? '', clock, logger })
  }
}

/** Rejects with a `ConfigError` for what is wrong with certificates and the like. */
async function readRules({ nats, websockets, monitoring }: NatsServerOptions): Promise<Rules> {
  return {
    tcp: await readTcpRules(nats),
    websockets: await Promise.all(websockets.map((websocket) => readWebsocketRules(websocket, nats))),
    monitoring: monitoring && (await readMonitoringRules(monitoring)),
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
