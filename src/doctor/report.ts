import type { FaultId } from './faults.ts'

/** The steps of the walk, from the outside in. */
export type CheckId =
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'http'
  | 'alive'
  | 'server'
  | 'negotiate'
  | 'headers'
  | 'host'
  | 'client-address'
  | 'websocket'
  | 'hub'
  | 'login'
  | 'nats'
  | 'stream'
  | 'idle'

export type Status = 'ok' | 'warning' | 'fault' | 'skipped'

/** What may stand in front of a server, as far as its marks are known. */
export const PROXIES = ['nginx', 'apache', 'caddy', 'haproxy', 'traefik', 'cloudflare', 'envoy', 'lighttpd'] as const
export type ProxyName = (typeof PROXIES)[number]

/** What takes a fault away. */
export interface Mend {
  /** In whose configuration; `belfry` is the server's own. */
  readonly proxy: ProxyName | 'belfry'
  /** Where the lines belong: `in the location that serves /notifications/hub`. */
  readonly where: string
  /**
   * To be added, word for word, in place of lines that say otherwise. A comment `# without: …` names a line that has to
   * go, by a part of it.
   */
  readonly lines: readonly string[]
}

/** What one step found. Plain data, JSON. */
export interface Check {
  readonly id: CheckId
  /** What was looked at: `WebSocket at /notifications/hub`. */
  readonly title: string
  readonly status: Status
  /** What was found, in words; of a step that was skipped, why. */
  readonly says: string
  /** Only with a status of `fault` or `warning`. */
  readonly fault?: FaultId
  readonly mend?: Mend
  /** How long it took; milliseconds. */
  readonly ms: number
}

export interface DoctorReport {
  /** As the walk went on with it: a server that sends everybody from `http:` to `https:` is looked at there. */
  readonly url: string
  /** What stands in front of the server; `null` where nothing told it. */
  readonly proxy: ProxyName | null
  /** No check is a fault. Warnings may be there. */
  readonly healthy: boolean
  readonly checks: readonly Check[]
}
