import type { ProxyName } from './report.ts'

/** What a login needs of the doctor: requests that trust whom the doctor trusts. A part of `fetch`. */
export type DoctorFetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body: string; signal: AbortSignal },
) => Promise<{ readonly status: number; text(): Promise<string> }>

export interface DoctorOptions {
  /** `http:` or `https:`, with the path that the server may have. */
  readonly url: string
  /** What stands in front of the server, for who knows it. Default: found out as far as its marks are known. */
  readonly proxy?: ProxyName | undefined
  /** How long nothing is said on connections, to see whether they are cut. Milliseconds; 0: not at all. Default 75,000. */
  readonly idleMs?: number | undefined
  /** How often the hub is pinged meanwhile, as apps do it. Milliseconds. Default 15,000. */
  readonly pingIntervalMs?: number | undefined
  /** After how long a silence of the hub apps give up. Milliseconds. Default 30,000. */
  readonly hubTimeoutMs?: number | undefined
  /** Certificates of authorities that are trusted besides those that Node knows. PEM. */
  readonly ca?: string | undefined
  /** Where else there should be NATS: `ws:`, `wss:`, `nats:` or `tls:`. */
  readonly nats?: readonly string[] | undefined
  /** Logs in at the server, whose URL it is given, and resolves with an access token. Default: nobody logs in. */
  readonly login?: ((server: string, fetch: DoctorFetch) => Promise<string>) | undefined
  /** Ends it: `runDoctor` rejects with its reason then. */
  readonly signal?: AbortSignal | undefined
}
