/** One thing that was looked at, as `belfry doctor` tells it. */
export interface Finding {
  readonly id: string
  readonly title: string
  readonly status: 'ok' | 'warning' | 'fault' | 'skipped'
  /** In the words of the server, which are English. */
  readonly says: string
  /** What helps: lines for the configuration of a proxy. */
  readonly mend?: { readonly proxy: string; readonly where: string; readonly lines: readonly string[] }
  /** How long it took. Milliseconds. */
  readonly ms: number
}
