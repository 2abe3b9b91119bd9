/** An account as the configuration or a JWT describes it: plain data, the same from wherever it came. (`spec/nats.md` §2.8) */
export interface AccountDefinition {
  readonly name: string
  /** What people call it, where `name` is a key. */
  readonly nameTag?: string | undefined
  readonly exports: readonly Export[]
  readonly imports: readonly Import[]
  readonly mappings: readonly SubjectMapping[]
  readonly limits: AccountLimits
}

/** One that shares nothing and limits nothing. */
export function emptyAccount(name: string): AccountDefinition {
  return { name, exports: [], imports: [], mappings: [], limits: {} }
}

/** `undefined`: no limit of the account's own. */
export interface AccountLimits {
  /** Clients and leaf nodes together. */
  readonly maxConnections?: number | undefined
  /** Of each of its connections. */
  readonly maxSubscriptions?: number | undefined
  readonly maxPayloadBytes?: number | undefined
  readonly maxLeafNodes?: number | undefined
}

export type Export = StreamExport | ServiceExport

interface AnyExport {
  /** May have wildcards. */
  readonly subject: string
  readonly access: ExportAccess
  /**
   * From 1: the token of `subject`, a `*`, where imports have to have the name of their own account; `undefined`: none.
   */
  readonly accountTokenPosition?: number | undefined
}

/** Who may import: everybody, those on the list, or who shows an activation token. */
export type ExportAccess =
  | { readonly kind: 'public' }
  | { readonly kind: 'accounts'; readonly accounts: readonly string[] }
  | { readonly kind: 'token' }

export interface StreamExport extends AnyExport {
  readonly kind: 'stream'
}

export interface ServiceExport extends AnyExport {
  readonly kind: 'service'
  readonly responseType: 'single' | 'stream' | 'chunked'
  /** Milliseconds after which a request that was not answered is forgotten; `undefined`: two minutes. */
  readonly responseThresholdMs?: number | undefined
  readonly latency?: ServiceLatency | undefined
  readonly allowsTrace: boolean
}

/** Publishes how long answers took, in the exporting account. */
export interface ServiceLatency {
  readonly subject: string
  /** Percent of the requests, 1 to 100; `headers`: those whose headers ask for it. */
  readonly sampling: number | 'headers'
}

export type Import = StreamImport | ServiceImport

interface AnyImport {
  /** Of the exporter. */
  readonly account: string
  /** In the exporter's account; may have wildcards. */
  readonly subject: string
  /** Whether an activation token for it was shown and is good. */
  readonly isActivated?: boolean | undefined
  /** The server gives it to the account of its own accord: it is granted, whoever the export is for. */
  readonly isBuiltIn?: boolean | undefined
}

export interface StreamImport extends AnyImport {
  readonly kind: 'stream'
  /** As subscribers of the importing account name it; may refer to the wildcards of `subject` as `$1`. Default: `subject`. */
  readonly to: string
  readonly allowsTrace: boolean
}

export interface ServiceImport extends AnyImport {
  readonly kind: 'service'
  /** As requestors of the importing account name it. Default: `subject`. */
  readonly to: string
  /** Whether who answers is told who asks (header `Nats-Request-Info`). */
  readonly sharesRequestor: boolean
}

/** What is published to `source` goes elsewhere. (`spec/nats.md` §2.9) */
export interface SubjectMapping {
  readonly source: string
  readonly destinations: readonly MappingDestination[]
}

export interface MappingDestination {
  /** May use `$1`, `{{wildcard(1)}}` and the other functions. */
  readonly subject: string
  /** Percent of the messages, 0 to 100. What is missing to 100 stays on `source`. */
  readonly weight: number
  /** Only for servers of that cluster. */
  readonly cluster?: string | undefined
}
