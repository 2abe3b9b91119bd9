import { isIP, isIPv6 } from 'node:net'
import type { HostAndPort, Options } from '#config'
import { ConfigError } from '#kit'
import { MAX_UPLOAD_BYTES } from '#vault'
import { parseBind, parsePlace, parseUpstream, safeFile, safeHost, safePath } from './safe-text.ts'
import { hostPort, type NatsPort, type ProxyProtocol, type Site, type Upstream, type WebSocketPort } from './site.ts'

export const PROXY_NAMES = ['nginx', 'apache', 'caddy', 'haproxy', 'traefik'] as const
export type ProxyName = (typeof PROXY_NAMES)[number]

/** As they stand on the command line. */
export interface ProxyFlags {
  readonly upstream?: string
  readonly certificate?: string
  readonly key?: string
  readonly listen?: string
  /** An address, or `off`. */
  readonly redirect?: string
  readonly websocket?: readonly string[]
  readonly natsTcp?: string
  readonly proxyProtocol?: string
  /** `true`: at its usual address; `false`: not, whatever the settings say. */
  readonly oldHub?: string | boolean
}

/** The least that a silent connection is given. */
const MIN_IDLE_SECONDS = 600

/** What the proxy is to do, by the settings and by the flags, which come first. Throws a `ConfigError` otherwise. */
export function readSite(proxy: ProxyName, options: Options, flags: ProxyFlags): Site {
  const { domain, basePath } = options.vault
  if (domain === undefined) {
    throw new ConfigError('The public address is not known: set DOMAIN, or say --domain https://vault.example.com')
  }
  const url = new URL(domain)
  if (url.protocol !== 'https:') {
    throw new ConfigError(`"${domain}" is no https:// address, and Bitwarden's clients refuse any other`)
  }
  const { redirect = '80' } = flags
  const site: Site = {
    origin: url.origin,
    host: safeHost(url.hostname),
    path: safePath('The path of the public address', basePath),
    https: parseBind('--listen', flags.listen ?? (url.port || '443')),
    http: redirect === 'off' ? undefined : parseBind('--redirect', redirect),
    certificate: certificate(proxy, flags),
    web: webUpstream(options, flags.upstream),
    oldHub: oldHub(options, flags.oldHub),
    ...webSockets(options, flags.websocket),
    nats: nats(proxy, options, flags),
    idleSeconds: idleSeconds(options),
    maxBodyBytes: MAX_UPLOAD_BYTES,
  }
  checkPaths(site)
  checkPorts(site, options)
  return site
}

function certificate(proxy: ProxyName, flags: ProxyFlags): Site['certificate'] {
  const { certificate, key } = flags
  if (proxy === 'haproxy') {
    if (key !== undefined) {
      throw new ConfigError(
        'HAProxy has no --key: certificates and key are in one file (cat fullchain.pem privkey.pem)',
      )
    }
    return certificate === undefined ? undefined : { certFile: safeFile(certificate), keyFile: undefined }
  }
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined) throw new ConfigError('--certificate and --key go together')
  return { certFile: safeFile(certificate), keyFile: safeFile(key) }
}

function webUpstream({ web }: Options, given: string | undefined): Upstream {
  const isTls = web.tls !== undefined
  return given === undefined ? reachable(web, isTls) : parseUpstream('--upstream', given, isTls)
}

function oldHub({ oldHub }: Options, given: ProxyFlags['oldHub']): Upstream | undefined {
  if (typeof given === 'string') return parseUpstream('--old-hub', given)
  if (given === true && oldHub === undefined) return { host: '127.0.0.1', port: 3012, isTls: false }
  return given === false || oldHub === undefined ? undefined : reachable(oldHub, false)
}

/** Without a word on them, each block has a path: its own, or one that says which port it is. */
function webSockets(options: Options, flags: readonly string[] | undefined) {
  const { websockets, vault } = options
  const places = flags ?? websockets.map(({ path, port }) => path ?? `${vault.basePath}/nats-${port}`)
  const webSocketPaths: Site['webSocketPaths'][number][] = []
  const webSocketPorts: WebSocketPort[] = []
  for (const [i, text] of places.entries()) {
    const { place, upstream: named } = parsePlace('--websocket', text)
    const block = named === undefined ? websockets[i] : undefined
    if (block?.proxyProtocol) {
      throw new ConfigError(
        `The websocket {} block of port ${block.port} has proxy_protocol, which proxies do not write in front of HTTP: ` +
          'with trusted_proxies alone it knows its clients, too',
      )
    }
    const upstream = named ?? (block && reachable(block, block.tls !== undefined))
    if (upstream === undefined) {
      throw new ConfigError(`--websocket ${text}: there is no websocket {} block for it; say which: ${text}=host:port`)
    }
    if (!place.startsWith('/')) {
      webSocketPorts.push({ bind: parseBind('--websocket', place), upstream })
      continue
    }
    const path = safePath('--websocket', place.replace(/\/+$/, ''))
    if (block?.path !== undefined && path !== block.path && !path.startsWith(`${block.path}/`)) {
      throw new ConfigError(
        `--websocket ${text}: the websocket {} block of port ${block.port} serves "${block.path}" alone`,
      )
    }
    webSocketPaths.push({ path, upstream })
  }
  return { webSocketPaths, webSocketPorts }
}

const WITHOUT_TCP = {
  apache: 'Apache httpd passes no TCP on',
  caddy: 'Caddy passes TCP on only with a plugin (caddy-l4)',
}

function nats(proxy: ProxyName, options: Options, { natsTcp, proxyProtocol }: ProxyFlags): NatsPort | undefined {
  if (natsTcp === undefined) {
    if (proxyProtocol === undefined) return undefined
    throw new ConfigError('--proxy-protocol is about NATS over TCP: add --nats-tcp and its port')
  }
  if (proxy === 'apache' || proxy === 'caddy') {
    throw new ConfigError(
      `${WITHOUT_TCP[proxy]}: take nginx, HAProxy or Traefik for NATS over TCP, or let clients connect to it`,
    )
  }
  if (proxyProtocol !== undefined && proxyProtocol !== 'v1' && proxyProtocol !== 'v2') {
    throw new ConfigError(`--proxy-protocol is v1 or v2, not "${proxyProtocol}"`)
  }
  if (proxy === 'nginx' && proxyProtocol === 'v2') {
    throw new ConfigError('nginx writes version 1 of the PROXY protocol alone: say --proxy-protocol v1')
  }
  const { place, upstream } = parsePlace('--nats-tcp', natsTcp)
  return {
    bind: parseBind('--nats-tcp', place),
    upstream: upstream ?? reachable(options.nats, false),
    proxyProtocol: proxyProtocol satisfies ProxyProtocol | undefined,
  }
}

/** Twice as long as the longest time between pings. */
function idleSeconds({ hub, nats, websockets }: Options): number {
  const pings = [hub.keepAliveMs, nats.pingIntervalMs, ...websockets.map(({ pingIntervalMs = 0 }) => pingIntervalMs)]
  return Math.max(MIN_IDLE_SECONDS, Math.ceil((2 * Math.max(...pings)) / 1000))
}

/** A listener on all addresses is asked at this machine's own. */
function reachable({ host, port }: HostAndPort, isTls: boolean): Upstream {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (port === 0) throw new ConfigError('A proxy cannot know a port that is chosen at the start: set one')
  const own = { '0.0.0.0': '127.0.0.1', '::': '::1' }[bare]
  return { host: own ?? (isIP(bare) === 0 ? safeHost(bare) : bare), port, isTls }
}

/** What the web listener has below the public address, beside pages. */
const VAULT_PATHS = ['admin', 'api', 'attachments', 'hubs', 'icons', 'identity', 'nats', 'notifications', 'sends']

/** No two places may be the same, nor lie where the vault is. */
function checkPaths({ path, webSocketPaths }: Site): void {
  const taken = new Set<string>(['', path])
  const isVaults = (own: string) => VAULT_PATHS.some((name) => `${own}/`.startsWith(`${path}/${name}/`))
  for (const { path: own } of webSocketPaths) {
    if (taken.has(own) || isVaults(own)) {
      throw new ConfigError(`--websocket: the path "${own || '/'}" is taken; choose another`)
    }
    taken.add(own)
  }
}

/** What would keep the proxy from starting: one port twice, or that of a listener of Belfry's on the same machine. */
function checkPorts(site: Site, options: Options): void {
  const { https, http, webSocketPaths, webSocketPorts, oldHub, nats, web } = site
  const binds = [
    https,
    ...(http ? [http] : []),
    ...webSocketPorts.map(({ bind }) => bind),
    ...(nats ? [nats.bind] : []),
  ]
  // Nothing is passed on to the listener of the local authority, but it is there.
  const localHttps = isThisMachine(web.host) ? options.web.https : undefined
  const upstreams = [
    web,
    ...(localHttps === undefined ? [] : [localHttps]),
    ...(oldHub === undefined ? [] : [oldHub]),
    ...[...webSocketPaths, ...webSocketPorts].map(({ upstream }) => upstream),
    ...(nats === undefined ? [] : [nats.upstream]),
  ]
  for (const [i, { address, port }] of binds.entries()) {
    const other = binds
      .slice(0, i)
      .find((bind) => bind.port === port && (isAny(address) || isAny(bind.address) || bind.address === address))
    if (other !== undefined) throw new ConfigError(`The proxy is to listen on port ${port} twice`)
    const behind = upstreams.find((upstream) => upstream.port === port && isThisMachine(upstream.host))
    if (behind !== undefined && (isAny(address) || address === behind.host)) {
      throw new ConfigError(
        `The proxy is to listen on port ${port}, which Belfry has (${hostPort(behind)}): choose another for one of them`,
      )
    }
  }
}

/** Whether it stands for all addresses of the machine. */
function isAny(address: string | undefined): boolean {
  return address === undefined || address === '0.0.0.0' || address === '::'
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || (isIPv6(host) ? host === '::1' : host.startsWith('127.'))
}
