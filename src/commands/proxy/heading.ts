import { isIP } from 'node:net'
import type { Site, Upstream } from './site.ts'

export interface HeadingOptions {
  /** As in `nginx 1.18 or newer`. */
  readonly proxy: string
  readonly file: string
  /** What checks the file and has it read. */
  readonly commands: readonly string[]
  /** What else is to be known. */
  readonly remarks?: readonly string[]
}

/** The comment at the top of a web site's file: where it belongs, and what Belfry has to be told. */
export function siteHeading(site: Site, options: HeadingOptions): string {
  const trusted = trustedProxy(site.web)
  const upstreams = [...site.webSocketPaths, ...site.webSocketPorts].map(({ upstream }) => upstream)
  /** Listeners of NATS over WebSocket, by the address that they know the proxy by. */
  const blocks = Map.groupBy(upstreams, trustedProxy)
  return comment([
    ...beginning(`Belfry at ${site.origin}${site.path}`, options),
    'Belfry has to be told, in its environment:',
    `  DOMAIN=${site.origin}${site.path}`,
    '  IP_HEADER=X-Real-IP',
    `  IP_HEADER_TRUSTED_PROXIES=${trusted}`,
    ...(site.oldHub === undefined ? [] : [`  WEBSOCKET_ENABLED=true`, `  WEBSOCKET_PORT=${site.oldHub.port}`]),
    ...[...blocks].flatMap(([address, listeners]) => [
      `and in the websocket {} block of port ${[...new Set(listeners.map(({ port }) => port))].join(' and of port ')}:`,
      `  trusted_proxies: ["${address}"]`,
    ]),
  ])
}

/** The same where NATS over TCP is passed on. */
export function natsHeading({ nats }: Site, options: HeadingOptions): string {
  return nats === undefined ? '' : comment([...beginning('NATS of Belfry', options), ...natsSettings(nats)])
}

/** What the NATS listener has to be told. */
export function natsSettings({ upstream, proxyProtocol }: NonNullable<Site['nats']>): string[] {
  if (proxyProtocol === undefined) return ['Every client will have the address of the proxy; see --proxy-protocol.']
  return [
    'Belfry has to be told, at the top of its configuration file:',
    '  proxy_protocol: true',
    `  trusted_proxies: ["${trustedProxy(upstream)}"]`,
  ]
}

function beginning(what: string, { proxy, file, commands, remarks = [] }: HeadingOptions): string[] {
  return [`${what}, behind ${proxy}. Save as ${file}, then:`, ...commands.map((line) => `  ${line}`), ...remarks]
}

/** The address by which Belfry knows the proxy. */
function trustedProxy({ host }: Upstream): string {
  if (host === '::1') return host
  return host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.')) ? '127.0.0.1' : '<address of this proxy>'
}

export function comment(lines: readonly string[]): string {
  return `${lines.map((line) => `# ${line}`.trimEnd()).join('\n')}\n`
}
