import type { RequestListener } from 'node:http'
import type { Authenticator } from '#auth'
import type { WebsocketOptions } from '#config'
import type {
  LeafAcceptor,
  LeafProfile,
  LeafProfileHolder,
  ListenerProfile,
  NatsDoor,
  ProfileHolder,
} from '#doors/nats'
import type { Clock, Logger } from '#kit'
import { formatAddress, type ListenAddress, type Probe, type UpgradeHandler, WebSocketCompression } from '#net'
import { type AnyPort, isInTheWay, isSameAddress, tryAddress } from '../port.ts'
import { inSteps, type ReloadStep } from '../reload/reload-step.ts'
import { LeafListener } from './leaf-listener.ts'
import { type MonitoringAddresses, MonitoringListeners } from './monitoring-listeners.ts'
import { addressesOf, type Rules } from './rules.ts'
import { TcpListener } from './tcp-listener.ts'
import { type Mount, WebsocketEntrance, type WebsocketRules, type WebsocketSurroundings } from './websocket-entrance.ts'
import { WebsocketListeners } from './websocket-listeners.ts'

/** Where NATS is served. */
export interface NatsAddresses {
  readonly nats: ListenAddress
  /** In the order of the options. */
  readonly websockets: readonly ListenAddress[]
  /** `undefined`: no leaf nodes are let in. */
  readonly leafnodes: ListenAddress | undefined
  readonly monitoring: MonitoringAddresses
}

export interface NatsListenersTools {
  readonly door: NatsDoor
  readonly leafs: LeafAcceptor
  readonly clock: Clock
  readonly logger: Logger
  /** `undefined`: it is switched off. */
  readonly probe: Probe | undefined
  /** Answers the requests of monitoring. */
  readonly onMonitoring: RequestListener
}

/** All ways to a NATS service: its ports, those of its monitoring, and its places on somebody else's HTTP servers. */
export class NatsListeners {
  readonly #tcp: TcpListener
  readonly #websockets: WebsocketListeners
  readonly #leafs: LeafListener
  readonly #monitoring: MonitoringListeners
  readonly #surroundings: WebsocketSurroundings
  /** For as long as the service runs. */
  readonly #mounted: { readonly entrance: WebsocketEntrance; readonly options: WebsocketOptions }[] = []
  #rules: Rules

  /** They listen once a first `prepare` is installed. */
  constructor(rules: Rules, { door, leafs, clock, logger, probe, onMonitoring }: NatsListenersTools) {
    this.#rules = rules
    this.#surroundings = {
      door,
      leafs,
      leafProfile: () => (this.#leafs.address === undefined ? undefined : this.#leafs.profile),
      compression: new WebSocketCompression(),
      probe,
      maxPayloadBytes: () => this.#rules.tcp.options.maxPayloadBytes,
      clock,
      logger,
    }
    this.#tcp = new TcpListener(rules.tcp, door, { logger, clock })
    this.#leafs = new LeafListener(leafs, { logger, clock })
    this.#websockets = new WebsocketListeners(this.#surroundings)
    this.#monitoring = new MonitoringListeners(onMonitoring)
  }

  /** As they are in force. */
  get rules(): Rules {
    return this.#rules
  }

  get addresses(): NatsAddresses {
    return {
      nats: this.#tcp.address,
      websockets: this.#websockets.addresses,
      leafnodes: this.#leafs.address,
      monitoring: this.#monitoring.addresses,
    }
  }

  /** One for the whole server. */
  get compression(): WebSocketCompression {
    return this.#surroundings.compression
  }

  /** Of the TCP listener. */
  get authenticator(): Authenticator {
    return this.#tcp.authenticator
  }

  /** From INFO to CONNECT, of those who come in by the port of leaf nodes. */
  get leafAuthTimeoutMs(): number {
    return this.#leafs.profile.authenticator.timeoutMs
  }

  /** Names of listeners that should take connections and do not. */
  get unready(): readonly string[] {
    const areListening = {
      server: this.#tcp.isListening,
      websocket: this.#websockets.areListening,
      leafnode: this.#leafs.isListening,
    }
    return Object.entries(areListening).flatMap(([name, isListening]) => (isListening ? [] : [name]))
  }

  /** The first of the WebSocket listeners, as a client would name it. */
  get webSocketUrl(): string | undefined {
    const [address] = this.#websockets.addresses
    const [rules] = this.#rules.websockets
    if (address === undefined || rules === undefined) return undefined
    const { tls, advertise = formatAddress(address), path = '' } = rules.options
    return `${tls ? 'wss' : 'ws'}://${advertise}${path}`
  }

  /** In the order of `Rules.mounted`. */
  get mountedOptions(): readonly WebsocketOptions[] {
    return this.#mounted.map(({ options }) => options)
  }

  /** For upgrades of somebody else's HTTP server. */
  mount(rules: WebsocketRules, mount: Mount): UpgradeHandler {
    const entrance = new WebsocketEntrance(rules, mount, this.#surroundings)
    this.#mounted.push({ entrance, options: rules.options })
    this.#rules = { ...this.#rules, mounted: [...this.#rules.mounted, rules] }
    return (request, socket, head) => entrance.handleUpgrade(request, socket, head)
  }

  /** Opens what is not open yet. Rejects with a `ConfigError` when an address cannot be had; nothing has changed then. */
  prepare(rules: Rules): Promise<ReloadStep> {
    return inSteps(async (add) => {
      const wanted = addressesOf(rules)
      for (const port of this.#leaving(rules)) {
        if (wanted.some((address) => isInTheWay(port, address))) add(port.giveWay())
      }
      add(await this.#tcp.prepare(rules.tcp))
      add(await this.#leafs.prepare(rules.leafs))
      add(await this.#websockets.prepare(rules.websockets))
      add(await this.#monitoring.prepare(rules.monitoring))
      const install = () => {
        this.#rules = rules
        for (const [i, { entrance }] of this.#mounted.entries()) entrance.configure(rules.mounted[i]!)
      }
      add({ install, undo: async () => {} })
    })
  }

  /** Opens addresses that are not its own for a moment. Rejects with a `ConfigError` when one cannot be had. */
  async tryAddresses(rules: Rules): Promise<void> {
    const leaving = this.#leaving(rules)
    const kept = addressesOf(this.#rules)
    for (const wanted of addressesOf(rules)) {
      const isOurs = kept.some((one) => isSameAddress(one, wanted)) || leaving.some((port) => isInTheWay(port, wanted))
      if (!isOurs) await tryAddress(wanted)
    }
  }

  /** What their clients would be judged by. */
  supposing(rules: Rules): ReadonlyMap<ProfileHolder, ListenerProfile> {
    return new Map([
      ...this.#tcp.supposing(rules.tcp),
      ...this.#websockets.supposing(rules.websockets),
      ...this.#mounted.map(({ entrance }, i) => entrance.supposing(rules.mounted[i])),
    ])
  }

  /** The same for leaf nodes. */
  supposingLeafs(rules: Rules): ReadonlyMap<LeafProfileHolder, LeafProfile> {
    const [holder, ofPort] = this.#leafs.supposing(rules.leafs)
    const supposed = rules.leafs && ofPort
    return new Map([
      [holder, ofPort],
      ...this.#websockets.supposingLeafs(rules.websockets, supposed),
      ...this.#mounted.map(({ entrance }, i) => entrance.supposingLeafs(supposed, rules.mounted[i])),
    ])
  }

  /** They take no more connections of clients and leaf nodes; monitoring goes on. */
  stop(): void {
    this.#tcp.stop()
    this.#leafs.stop()
    this.#websockets.stop()
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all(
      [this.#tcp, this.#leafs, this.#websockets, this.#monitoring].map((listeners) => listeners.close(graceMs)),
    )
  }

  /** Ports that do not stay where they are. */
  #leaving({ tcp, websockets, leafs, monitoring }: Rules): readonly AnyPort[] {
    return [
      ...this.#tcp.leaving(tcp),
      ...this.#leafs.leaving(leafs),
      ...this.#websockets.leaving(websockets),
      ...this.#monitoring.leaving(monitoring),
    ]
  }
}
