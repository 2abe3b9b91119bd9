import type { RequestListener } from 'node:http'
import type { Options } from '#config'
import type { Logger } from '#kit'
import { createWebServer, type ListenAddress, Listener, refuseUpgrade } from '#net'
import type { Metrics, MetricsSource } from '#ops/metrics'
import type { StoreTools } from '#store'
import type { AnsweredRequest } from '../web/web-requests.ts'

/** Numbers for Prometheus, where they are wanted. */
export interface MetricsService {
  readonly onQuery: NonNullable<StoreTools['onQuery']>
  readonly onAnswered: (request: AnsweredRequest) => void
  /** For the web listener; `undefined`: they are not for whoever reaches that. */
  readonly onWebRequest: RequestListener | undefined
  /** Opens their own listener, if there is to be one. Rejects with a `ConfigError`. */
  listen(): Promise<void>
  /** Of their own listener. */
  readonly address: ListenAddress | undefined
  close(): Promise<void>
}

/** What the web listeners and the metrics of their own call the page. */
export const metricsPath = (basePath: string) => `${basePath}/metrics`

/**
 * `undefined` when nobody may ask for them: then nothing is loaded, and nothing measured. `source` is read only when
 * somebody does.
 */
export async function openMetrics(
  { metrics: { listen, token }, vault }: Pick<Options, 'metrics' | 'vault'>,
  { source, logger: parent }: { readonly source: MetricsSource; readonly logger: Logger },
): Promise<MetricsService | undefined> {
  if (listen === undefined && token === undefined) return undefined
  const { createMetricsHandler, Metrics } = await import('#ops/metrics')
  const logger = parent.child({ room: 'metrics' })
  const metrics: Metrics = new Metrics(source)
  const handlerAt = (path: string) => createMetricsHandler({ metrics, token, path, logger })
  let listener: Listener | undefined
  return {
    onQuery: (...query) => metrics.countQuery(...query),
    onAnswered: (request) => metrics.countRequest(request),
    onWebRequest: token === undefined ? undefined : handlerAt(metricsPath(vault.basePath)),
    async listen() {
      if (listen === undefined) return
      const server = createWebServer({
        onRequest: handlerAt(metricsPath('')),
        onUpgrade: (_request, socket) => refuseUpgrade(socket, 400),
        portIs: 'metrics over HTTP',
      })
      listener = await Listener.open(server, listen)
      logger.info({ ...listener.address, isProtected: token !== undefined }, 'metrics are served')
    },
    get address() {
      return listener?.address
    },
    close: async () => listener?.close(0),
  }
}
