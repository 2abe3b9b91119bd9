/** A face of its own, as it loads `prom-client`, which only those have who want metrics. */
export { createMetricsHandler } from './handler.ts'
export { type MeteredRequest, Metrics } from './metrics.ts'
export type { AskedMetrics, MetricsSource } from './source.ts'
