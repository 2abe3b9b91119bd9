import type { ListenerProfile, ProfileHolder } from '#doors/nats'
import { forwardedRequest, type ListenAddress, refuseRequest, WebServer } from '#net'
import { type AnyPort, Port } from '../port.ts'
import type { ReloadStep } from '../reload/reload-step.ts'
import { WebsocketEntrance, type WebsocketRules, type WebsocketSurroundings } from './websocket-entrance.ts'

/** A port for NATS over WebSocket and nothing else. */
export class WebsocketListener {
  #rules: WebsocketRules
  #port!: Port<WebServer>
  #entrance!: WebsocketEntrance

  private constructor(rules: WebsocketRules) {
    this.#rules = rules
  }

  /** Rejects with a `ConfigError` when the address cannot be had. */
  static async open(rules: WebsocketRules, surroundings: WebsocketSurroundings): Promise<WebsocketListener> {
    const listener = new WebsocketListener(rules)
    listener.#port = await Port.open(rules.options, () => listener.#createServer())
    listener.#entrance = new WebsocketEntrance(rules, listener.address, surroundings)
    return listener
  }

  get address(): ListenAddress {
    return this.#port.address
  }

  get port(): AnyPort {
    return this.#port
  }

  /** Settled when it listens no more and its last connection is gone; only after `stop`. */
  get ended(): Promise<void> {
    return this.#port.ended
  }

  /**
   * Other rules, certificates included, for those who come from then on. Rejects with a `ConfigError` when another
   * address cannot be had.
   */
  async prepare(rules: WebsocketRules): Promise<ReloadStep> {
    const move = await this.#port.prepareMove(rules.options)
    return {
      install: () => {
        this.#rules = rules
        move.install()
        this.#port.server.configure(settingsOf(rules))
        this.#entrance.configure(rules, this.address)
      },
      undo: move.undo,
    }
  }

  /** What its clients would be judged by; without rules the block would be no more. */
  supposing(rules: WebsocketRules | undefined): readonly [ProfileHolder, ListenerProfile] {
    return this.#entrance.supposing(rules)
  }

  get entrance(): WebsocketEntrance {
    return this.#entrance
  }

  /** Takes no more connections; those that are there live on. */
  stop(): void {
    this.#port.stop()
  }

  /** As `stop`, because the block is no more: nobody may stay. */
  remove(): void {
    this.#entrance.remove()
    this.stop()
  }

  async close(graceMs: number): Promise<void> {
    await this.#port.close(graceMs)
  }

  #createServer(): WebServer {
    return new WebServer({
      ...settingsOf(this.#rules),
      portIs: 'NATS over WebSocket',
      onFailedConnection: ({ level, text, error }) =>
        this.#entrance.failures[level](error === undefined ? {} : { error }, `websocket: ${text}`),
      onRequest: (request, response) => {
        if (this.#entrance.handleProbe(request, response)) return
        const { address, port } = forwardedRequest(request, this.#rules.isTrusted).remote
        this.#entrance.failures.error(
          { address, port, reason: refuseRequest(request, response) },
          'websocket handshake error',
        )
      },
      admit: (remote) => this.#entrance.admit(remote),
      onUpgrade: (request, socket, head, admission) => this.#entrance.handleUpgrade(request, socket, head, admission),
    })
  }
}

function settingsOf({ tls, options, proxyProtocol }: WebsocketRules) {
  return { tls, handshakeTimeoutMs: options.handshakeTimeoutMs, proxyProtocol }
}
