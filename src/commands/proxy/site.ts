import type { TlsFiles } from '#config'

/** Where the proxy listens. */
export interface Bind {
  /** An IP address, IPv6 without brackets; `undefined`: all of the machine. */
  readonly address: string | undefined
  readonly port: number
}

/** A listener of Belfry's, as the proxy reaches it. */
export interface Upstream {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** Whether it speaks TLS; its certificate is not checked, since most are for another name. */
  readonly isTls: boolean
}

/** What a proxy is to do. All texts are safe in the files of every proxy: letters, digits and a few signs. */
export interface Site {
  /** The public address without its path, as in `https://vault.example.com:8443`. */
  readonly origin: string
  /** A name or an address, IPv6 in brackets. */
  readonly host: string
  /** Where Belfry is mounted: `''`, or a path such as `/vault`. */
  readonly path: string
  readonly https: Bind
  /** Where plain HTTP is sent on to `origin`; `undefined`: nowhere. */
  readonly http: Bind | undefined
  /** `undefined`: where the proxy, or certbot for it, has it. */
  readonly certificate: { readonly certFile: string; readonly keyFile: string | undefined } | undefined
  readonly web: Upstream
  /** The hub's own port, as proxies had to have it before Vaultwarden 1.29. */
  readonly oldHub: Upstream | undefined
  /** Listeners for NATS over WebSocket at a path of this site. */
  readonly webSocketPaths: readonly WebSocketPath[]
  /** The same, each at a port of its own. */
  readonly webSocketPorts: readonly WebSocketPort[]
  readonly nats: NatsPort | undefined
  /** How long nothing may be heard on a connection before it is ended: longer than all pings. */
  readonly idleSeconds: number
  readonly maxBodyBytes: number
}

export interface WebSocketPath {
  readonly path: string
  readonly upstream: Upstream
}

export interface WebSocketPort {
  readonly bind: Bind
  readonly upstream: Upstream
}

export type ProxyProtocol = 'v1' | 'v2'

/** NATS over TCP, whose bytes are passed on as they are. */
export interface NatsPort {
  readonly bind: Bind
  readonly upstream: Upstream
  /** By which the proxy says who the client is. */
  readonly proxyProtocol: ProxyProtocol | undefined
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostPort({ host, port }: Pick<Upstream, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

export function urlOf(upstream: Upstream): string {
  return `${upstream.isTls ? 'https' : 'http'}://${hostPort(upstream)}`
}

/** `everywhere` stands for all addresses: `*:443`, `:443`, `443`. */
export function bindText({ address, port }: Bind, everywhere: string): string {
  return address === undefined ? `${everywhere}${port}` : hostPort({ host: address, port })
}

/** Where certbot keeps what it gets. */
export function certbotFiles({ host }: Site): TlsFiles {
  const folder = `/etc/letsencrypt/live/${host}`
  return { certFile: `${folder}/fullchain.pem`, keyFile: `${folder}/privkey.pem` }
}

export function hasTlsUpstream({ web, oldHub, webSocketPaths, webSocketPorts }: Site): boolean {
  return [web, oldHub, ...[...webSocketPaths, ...webSocketPorts].map(({ upstream }) => upstream)].some(
    (upstream) => upstream?.isTls,
  )
}
