import type { RequestListener } from 'node:http'
import type { MonitoringOptions } from '#config'
import {
  createWebServer,
  type ListenAddress,
  loadTls,
  refuseUpgrade,
  type TlsSettings,
  type UpgradeHandler,
  type WebServer,
} from '#net'
import { type AnyPort, isSameAddress, Port } from '../port.ts'
import { inSteps, NOTHING_TO_DO, type ReloadStep } from '../reload/reload-step.ts'

/** Everything of the monitoring that can be wrong, once it has been found right. */
export interface MonitoringRules {
  readonly options: MonitoringOptions
  readonly tls: TlsSettings | undefined
}

/** Reads certificates. Rejects with a `ConfigError`. */
export async function readMonitoringRules(options: MonitoringOptions): Promise<MonitoringRules> {
  return { options, tls: options.https && options.tls && (await loadTls(options.tls)) }
}

export interface MonitoringAddresses {
  readonly http: ListenAddress | undefined
  readonly https: ListenAddress | undefined
}

/** The ports of the monitoring endpoints: one plain, one with TLS, as far as they are asked for. */
export class MonitoringListeners {
  readonly #onRequest: RequestListener
  readonly #ports: { http?: Port<WebServer> | undefined; https?: Port<WebServer> | undefined } = {}

  constructor(onRequest: RequestListener) {
    this.#onRequest = onRequest
  }

  get addresses(): MonitoringAddresses {
    return { http: this.#ports.http?.address, https: this.#ports.https?.address }
  }

  /** Rejects with a `ConfigError` when an address cannot be had; nothing has changed then. */
  prepare(rules: MonitoringRules | undefined): Promise<ReloadStep> {
    return inSteps(async (add) => {
      add(await this.#prepare('http', rules?.options.http, undefined))
      add(await this.#prepare('https', rules?.options.https, rules?.tls))
    })
  }

  /** Ports that are not at the addresses which the options name. */
  leaving(rules: MonitoringRules | undefined): readonly AnyPort[] {
    return (['http', 'https'] as const).flatMap((scheme) => {
      const port = this.#ports[scheme]
      const wanted = rules?.options[scheme]
      return port === undefined || (wanted && isSameAddress(port.wanted, wanted)) ? [] : [port]
    })
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([this.#ports.http?.close(graceMs), this.#ports.https?.close(graceMs)])
  }

  async #prepare(
    scheme: 'http' | 'https',
    wanted: ListenAddress | undefined,
    tls: TlsSettings | undefined,
  ): Promise<ReloadStep> {
    const port = this.#ports[scheme]
    if (port === undefined) return wanted === undefined ? NOTHING_TO_DO : this.#open(scheme, wanted, tls)
    if (wanted === undefined) return { install: () => this.#remove(scheme), undo: NOTHING_TO_DO.undo }
    const move = await port.prepareMove(wanted)
    return {
      install: () => {
        move.install()
        port.server.configure({ tls })
      },
      undo: move.undo,
    }
  }

  async #open(scheme: 'http' | 'https', wanted: ListenAddress, tls: TlsSettings | undefined): Promise<ReloadStep> {
    const onUpgrade: UpgradeHandler = (_request, socket) => refuseUpgrade(socket, 400)
    const port = await Port.open(wanted, () =>
      createWebServer({ tls, onRequest: this.#onRequest, onUpgrade, portIs: 'monitoring over HTTP' }),
    )
    return {
      install: () => {
        this.#ports[scheme] = port
      },
      undo: () => port.close(0),
    }
  }

  #remove(scheme: 'http' | 'https'): void {
    const port = this.#ports[scheme]
    // At once: when the reload is over nobody is to be answered there any more.
    port?.stop()
    void port?.close(0)
    this.#ports[scheme] = undefined
  }
}
