import { Counter, Gauge, Histogram, type Metric, Registry, type RegistryContentType } from 'prom-client'
import { DEFINITIONS, type Definition } from './definitions.ts'
import { processMetrics } from './process-metrics.ts'
import type { AskedMetrics, MetricsSource } from './source.ts'

/** A request of the web listeners. */
export interface MeteredRequest {
  readonly method: string
  /** The pattern of its path; `undefined` for a path that is nobody's. */
  readonly route: string | undefined
  /** `undefined`: nobody waited for the whole answer. */
  readonly status: number | undefined
  readonly ms: number
}

/** Seconds. An API answers in milliseconds, a login in tenths of a second, an upload as fast as its sender's line. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const QUERY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5]

/** Routes and methods in so many combinations, each with a series for every bucket; what is over them is `other`. */
const MAX_REQUEST_LABELS = 600

/** The methods that anything here answers. Whoever sends others invents them. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])

/** Numbers for Prometheus: those that are read when it asks, and those that cannot be, as they are spread over time. */
export class Metrics {
  readonly #source: MetricsSource
  readonly #registry = new Registry()
  readonly #requests: Histogram<'method' | 'route' | 'status'>
  readonly #queries: Histogram<'operation' | 'result'>
  readonly #requestLabels = new Set<string>()
  #asked: AskedMetrics = { databaseMs: undefined, pushRegistrations: undefined, freeBytes: undefined }

  constructor(source: MetricsSource) {
    this.#source = source
    // What it tells begins now.
    processMetrics()
    for (const definition of DEFINITIONS) this.#define(definition)
    this.#requests = new Histogram({
      name: 'belfry_http_request_duration_seconds',
      help: 'Requests of the web listeners, by route; upgrades to WebSockets until they are one.',
      labelNames: ['method', 'route', 'status'],
      buckets: REQUEST_BUCKETS,
      registers: [this.#registry],
    })
    this.#queries = new Histogram({
      name: 'belfry_database_operation_duration_seconds',
      help: 'Statements of the database; `other` are begins and ends of transactions above all.',
      labelNames: ['operation', 'result'],
      buckets: QUERY_BUCKETS,
      registers: [this.#registry],
    })
  }

  /** Hot: once per request. bench/metrics.ts */
  countRequest({ method, route = 'none', status, ms }: MeteredRequest): void {
    const statusClass = status === undefined ? 'aborted' : `${Math.floor(status / 100)}xx`
    const labels = { method: METHODS.has(method) ? method : 'other', route, status: statusClass }
    const key = `${labels.method} ${statusClass} ${route}`
    if (!this.#requestLabels.has(key)) {
      if (this.#requestLabels.size >= MAX_REQUEST_LABELS) labels.route = 'other'
      else this.#requestLabels.add(key)
    }
    this.#requests.observe(labels, ms / 1_000)
  }

  /** Hot: once per statement of the database. */
  countQuery(operation: string, ms: number, hasFailed: boolean): void {
    this.#queries.observe({ operation, result: hasFailed ? 'failed' : 'ok' }, ms / 1_000)
  }

  /** All of them, as `contentType` has it. */
  async text(contentType: RegistryContentType): Promise<string> {
    this.#asked = await this.#source.ask()
    // One for each answer, since the type belongs to the registry and not to what is in it.
    const all = new Registry<RegistryContentType>()
    all.setContentType(contentType)
    for (const metric of [...metricsOf(this.#registry), ...metricsOf(processMetrics())]) all.registerMetric(metric)
    return all.metrics()
  }

  #define(definition: Definition): void {
    const { name, help, kind, labels: labelNames } = definition
    const read = () => definition.read(this.#source, this.#asked)
    const labelsOf = (values: readonly string[]) =>
      Object.fromEntries(values.map((value, i) => [labelNames[i]!, value]))
    const common = { name, help, labelNames: [...labelNames], registers: [this.#registry] }
    if (kind === 'gauge') {
      new Gauge({
        ...common,
        collect() {
          clear(this)
          for (const [value, ...labels] of read()) this.set(labelsOf(labels), value)
        },
      })
    } else {
      new Counter({
        ...common,
        collect() {
          clear(this)
          for (const [value, ...labels] of read()) this.inc(labelsOf(labels), value)
        },
      })
    }
  }
}

/** Without labels a metric is 0 from then on; what nobody has said anything of is not even that. */
function clear(metric: Gauge | Counter): void {
  metric.reset()
  metric.remove({})
}

/** Its types have what a metric tells of itself; it is the metric. */
function metricsOf(registry: Registry): Metric[] {
  return registry.getMetricsAsArray() as unknown as Metric[]
}
