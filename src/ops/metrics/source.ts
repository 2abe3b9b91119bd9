import type { MonitoringSource } from '../monitoring/index.ts'

/** Numbers by a label; all since the start. */
export type Counts = Iterable<readonly [label: string, count: number]>

/** Of one SignalR hub. */
export interface HubMetrics {
  readonly hub: string
  /** By transport, now. */
  readonly connections: Readonly<Record<string, number>>
  readonly counts: {
    /** By transport. */
    readonly opened: Counts
    /** By reason. */
    readonly closed: Counts
    /** By HTTP status. */
    readonly refused: Counts
    /** By type. */
    readonly told: Counts
    readonly coalesced: number
  }
  readonly caughtUp: number
}

export interface JobMetrics {
  /** Milliseconds since the Unix epoch. */
  readonly endedMs: number
  readonly tookMs: number
  readonly isDone: boolean
}

/** What has to be asked for, and so is, once for each scrape. */
export interface AskedMetrics {
  /** Milliseconds until the database answered; `undefined`: it did not. */
  readonly databaseMs: number | undefined
  /** By way, `phones` and `browsers`; `undefined` when the database does not say, or nobody is told by push. */
  readonly pushRegistrations: Counts | undefined
  /** Of the file system that the data folder is on. */
  readonly freeBytes: number | undefined
}

/**
 * What is shown in `/metrics`. Read only when somebody asks: everything that is counted is counted where it happens, as a
 * plain number, whether or not there are metrics.
 */
export interface MetricsSource {
  readonly version: string
  /** NATS and pushes. */
  readonly monitoring: MonitoringSource
  hubs(): Iterable<HubMetrics>
  /** By type. */
  notifications(): Counts
  /** By what became of them. */
  logins(): Counts
  /** `undefined`: there is no mail server. */
  letters(): { readonly sent: number; readonly failed: number } | undefined
  /** By name; those that have run. */
  jobs(): Iterable<readonly [name: string, run: JobMetrics]>
  /** `undefined`: this instance is the only one. */
  cluster(): ClusterMetrics | undefined
  certificates(): Iterable<CertificateMetrics>
  /** Rejects never, and takes no longer than a few seconds. */
  ask(): Promise<AskedMetrics>
}

export interface ClusterMetrics {
  /** `undefined`: no link is configured. */
  readonly isLinked: boolean | undefined
  /** Other instances that are heard. */
  readonly heard: number
  /** Those that were heard once and are not any more, without a goodbye. */
  readonly lost: number
}

export interface CertificateMetrics {
  /** As the configuration calls it. */
  readonly listener: string
  /** Milliseconds since the Unix epoch; of several certificates that of the first to end. */
  readonly endsMs: number
}
