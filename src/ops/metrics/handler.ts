import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Registry, type RegistryContentType } from 'prom-client'
import { equalSecrets } from '#auth'
import type { Logger } from '#kit'
import { bearerToken } from '#net'
import type { Metrics } from './metrics.ts'

const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const

export interface MetricsHandlerOptions {
  readonly metrics: Metrics
  /** Where they are: `/metrics`. Nothing else is there. */
  readonly path: string
  /** What has to be shown as `Authorization: Bearer`; `undefined`: nothing. */
  readonly token: string | undefined
  readonly logger: Logger
}

/** Answers whoever reads the metrics at `path`, and everything else with 404. */
export function createMetricsHandler({ metrics, path, token, logger }: MetricsHandlerOptions): RequestListener {
  /** By type: whoever asks while an answer is made gets the same one, so that many cost no more than one. */
  const underWay = new Map<RegistryContentType, Promise<string>>()
  const textOf = (type: RegistryContentType) => {
    const before = underWay.get(type)
    if (before !== undefined) return before
    const text = metrics.text(type).finally(() => underWay.delete(type))
    underWay.set(type, text)
    return text
  }

  return (request, response) => {
    if (request.url?.split('?', 1)[0] !== path) {
      refuse(response, 404, `Not found. Metrics are at ${path}\n`)
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      refuse(response, 405, 'Method not allowed\n')
    } else if (token !== undefined && !equalSecrets(bearerToken(request) ?? '', token)) {
      response.setHeader('WWW-Authenticate', 'Bearer')
      refuse(response, 401, 'Show the token of "metrics.token" as "Authorization: Bearer …"\n')
    } else {
      const type = acceptedType(request)
      textOf(type).then(
        (text) => {
          response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) })
          response.end(text)
        },
        (error: unknown) => {
          logger.error({ error }, 'metrics could not be read')
          refuse(response, 500, 'Metrics could not be read; the log says why\n')
        },
      )
    }
  }
}

/** Prometheus prefers OpenMetrics, and says so; a browser or `curl` gets what it can show. */
function acceptedType({ headers }: IncomingMessage): RegistryContentType {
  const wanted = /(?:^|,)\s*application\/openmetrics-text\s*(?:;([^,]*))?/i.exec(headers.accept ?? '')
  const isWanted = wanted !== null && !/;?\s*q=0(?:\.0*)?\s*(?:;|$)/i.test(wanted[1] ?? '')
  return isWanted ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}
