import type { Logger } from '#kit'
import { forwardedRequest, type ListenAddress, refuseRequest, WebServer } from '#net'
import { Port, type ReloadStep } from './port.ts'
import { WebsocketEntrance, type WebsocketRules, type WebsocketSurroundings } from './websocket-entrance.ts'

/** A port for NATS over WebSocket and nothing else. */
export class WebsocketListener {
  readonly #logger: Logger
  #rules: WebsocketRules
  #port!: Port<WebServer>
  #entrance!: WebsocketEntrance

  private constructor(rules: WebsocketRules, logger: Logger) {
    this.#rules = rules
    this.#logger = logger
  }

  /** Rejects with a `ConfigError` when the address cannot be had. */
  static async open(rules: WebsocketRules, surroundings: WebsocketSurroundings): Promise<WebsocketListener> {
    const listener = new WebsocketListener(rules, surroundings.logger)
    listener.#port = await Port.open(rules.options, () => listener.#createServer())
    listener.#entrance = new WebsocketEntrance(rules, listener.address, surroundings)
    return listener
  }

  get address(): ListenAddress {
    return this.#port.address
  }

  /** As it was asked for: port 0 is any free one. */
  get wanted(): ListenAddress {
    return this.#port.wanted
  }

  get isListening(): boolean {
    return this.#port.isListening
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
      onFailedConnection: ({ level, text }) => this.#logger[level]({}, `websocket: ${text}`),
      onRequest: (request, response) => {
        const { address, port } = forwardedRequest(request, this.#rules.isTrusted).remote
        this.#logger.error({ address, port, reason: refuseRequest(request, response) }, 'websocket handshake error')
      },
      onUpgrade: (request, socket, head) => this.#entrance.handleUpgrade(request, socket, head),
    })
  }
}

function settingsOf({ tls, options, proxyProtocol }: WebsocketRules) {
  return { tls, handshakeTimeoutMs: options.handshakeTimeoutMs, proxyProtocol }
}
