import { comment, natsSettings, siteHeading } from './heading.ts'
import { type Bind, bindText, hostPort, type Site, type Upstream } from './site.ts'

/** Whole seconds that a client has for its request; uploads may take longer. */
const REQUEST_SECONDS = 30

/** A whole haproxy.cfg. */
export function haproxyConfig(site: Site): string {
  const { host, path, https, http, web, oldHub, webSocketPaths, webSocketPorts, origin, nats } = site
  const { certFile = `/etc/haproxy/certs/${host}.pem` } = site.certificate ?? {}
  const heading = siteHeading(site, {
    proxy: 'HAProxy 2.4 or newer',
    file: '/etc/haproxy/haproxy.cfg',
    commands: ['haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy'],
    remarks: [`${certFile} holds the certificates and the key: cat fullchain.pem privkey.pem`],
  })
  const backends: string[] = []
  const backend = (name: string, upstream: Upstream) => {
    backends.push(`backend ${name}\n  server belfry ${server(upstream)}\n`)
    return name
  }
  const frontend = (name: string, bind: Site['https'], rules: readonly string[]) => `frontend ${name}
  bind ${listen(bind)} ssl crt ${certFile}
  # Without the query, which holds access tokens of devices.
  log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %tsc %HM %HPO"
  # What is streamed is passed on at once, not 200 ms later.
  option http-no-delay
  # Set, not appended to what the client sent.
  http-request set-header X-Real-IP %[src]
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
${rules.map((rule) => `  ${rule}\n`).join('')}`
  const below = (path: string) => `{ path ${path} } || { path_beg ${path}/ }`
  const frontends = [
    frontend('belfry', https, [
      ...webSocketPaths.map(
        ({ path, upstream }, i) => `use_backend ${backend(`websocket-path-${i + 1}`, upstream)} if ${below(path)}`,
      ),
      ...(oldHub === undefined
        ? []
        : [
            '# The hub has a port of its own; /negotiate below it has not.',
            `use_backend ${backend('old-hub', oldHub)} if { path ${path}/notifications/hub }`,
          ]),
      ...(path === ''
        ? [`default_backend ${backend('web', web)}`]
        : [`use_backend ${backend('web', web)} if ${below(path)}`, `default_backend nothing-here`]),
    ]),
    ...webSocketPorts.map(
      ({ bind, upstream }, i) =>
        `# NATS over WebSocket.\n${frontend(`websocket-port-${i + 1}`, bind, [`default_backend ${backend(`websocket-port-${i + 1}`, upstream)}`])}`,
    ),
  ]
  if (http !== undefined) {
    frontends.unshift(`frontend plain
  bind ${listen(http)}
  http-request redirect prefix ${origin} code 308
`)
  }
  if (path !== '') backends.push('backend nothing-here\n  http-request return status 404\n')
  return `${heading}
global
  log /dev/log local0
  chroot /var/lib/haproxy
  user haproxy
  group haproxy

defaults
  mode http
  log global
  timeout connect 5s
  timeout http-request ${REQUEST_SECONDS}s
  # Who is silent is pinged before these are over.
  timeout client ${site.idleSeconds}s
  timeout server ${site.idleSeconds}s
  timeout tunnel ${site.idleSeconds}s

${[...frontends, ...backends].join('\n')}${nats === undefined ? '' : `\n${natsProxy(nats)}`}`
}

/** All addresses are two listeners: those of IPv6 are bound separately. */
function listen(bind: Bind): string {
  return bind.address === undefined ? `:${bind.port},:::${bind.port} v6only` : bindText(bind, '')
}

function server(upstream: Upstream): string {
  // Belfry has a certificate for another name.
  return `${hostPort(upstream)}${upstream.isTls ? ' ssl verify none' : ''}`
}

function natsProxy(nats: NonNullable<Site['nats']>): string {
  const header = { v1: ' send-proxy', v2: ' send-proxy-v2' }
  return `${comment(['NATS over TCP, with its TLS if it has any.', ...natsSettings(nats)])}listen nats
  mode tcp
  option tcplog
  bind ${listen(nats.bind)}
  server belfry ${hostPort(nats.upstream)}${nats.proxyProtocol === undefined ? '' : header[nats.proxyProtocol]}
`
}
