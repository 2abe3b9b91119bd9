import { comment, natsSettings, siteHeading } from './heading.ts'
import { bindText, hostPort, type Site, type Upstream, urlOf } from './site.ts'

/** More than the length of any rule, by which Traefik sorts them. */
const BEFORE_OTHERS = 10_000

/** A file of the dynamic configuration; what the static one has to have stands in its comment. */
export function traefikConfig(site: Site): string {
  const { nats } = site
  const heading = siteHeading(site, {
    // Where the PROXY protocol is written had another place before.
    proxy: nats?.proxyProtocol === undefined ? 'Traefik 3' : 'Traefik 3.5.2 or newer',
    file: '/etc/traefik/dynamic/belfry.yml',
    commands: ['systemctl restart traefik   # later changes of this file are seen by themselves'],
    remarks: [
      '/etc/traefik/traefik.yml, the static configuration, has to have:',
      ...staticLines(site).map((line) => `  ${line}`),
      'Leave the access log off, or drop RequestPath and RequestLine from it: they hold access tokens of devices.',
    ],
  })
  const services = new Map<string, Upstream>()
  const routers = routersOf(site, services)
  return `${heading}${nats === undefined ? '' : comment(natsSettings(nats))}
http:
  routers:
${routers.join('')}  services:
${[...services].map(([name, upstream]) => service(name, upstream)).join('')}\
${
  [...services.values()].some(({ isTls }) => isTls)
    ? `  serversTransports:
    # Belfry has a certificate for another name.
    belfry:
      insecureSkipVerify: true
`
    : ''
}${nats === undefined ? '' : tcpPart(nats)}${certificates(site)}`
}

/** Traefik adds X-Real-IP and the X-Forwarded headers, and removes those that clients send. */
function staticLines({ https, http, webSocketPorts, nats, certificate, origin }: Site): string[] {
  const port = new URL(origin).port || '443'
  const entry = (name: string, bind: Site['https']) => [`  ${name}:`, `    address: "${bindText(bind, ':')}"`]
  // Requests with their bodies may take 60 s otherwise, which is short for a large attachment.
  const patience = ['    transport: { respondingTimeouts: { readTimeout: 1h } }']
  return [
    'providers: { file: { directory: /etc/traefik/dynamic, watch: true } }',
    'entryPoints:',
    ...(http === undefined
      ? []
      : [
          ...entry('web', http),
          // Of another port than the entry point's own where that of the address is another.
          `    http: { redirections: { entryPoint: { to: ":${port}", scheme: https, permanent: true } } }`,
        ]),
    ...entry('websecure', https),
    ...patience,
    ...webSocketPorts.flatMap(({ bind }, i) => [...entry(`websocket${i + 1}`, bind)]),
    ...(nats === undefined ? [] : entry('nats', nats.bind)),
    ...(certificate === undefined
      ? ['certificatesResolvers:', '  letsencrypt: { acme: { storage: /var/lib/traefik/acme.json, tlsChallenge: {} } }']
      : []),
  ]
}

function routersOf(site: Site, services: Map<string, Upstream>): string[] {
  const { host, path, web, oldHub, webSocketPaths, webSocketPorts, certificate } = site
  const tls = certificate === undefined ? '{ certResolver: letsencrypt }' : '{}'
  const router = (
    name: string,
    rule: string,
    upstream: Upstream,
    { isWithin = false, entryPoint = 'websecure' } = {},
  ) => {
    services.set(name, upstream)
    return `    ${name}:
      rule: "${[`Host(\`${host.replace(/^\[|\]$/g, '')}\`)`, rule].filter(Boolean).join(' && ')}"
      entryPoints: [${entryPoint}]
      service: ${name}
      tls: ${tls}
${
  isWithin
    ? `      # Otherwise the longest rule would come first.
      priority: ${BEFORE_OTHERS}
`
    : ''
}`
  }
  const below = (path: string) => `(Path(\`${path}\`) || PathPrefix(\`${path}/\`))`
  return [
    router('belfry', path === '' ? '' : below(path), web),
    ...(oldHub === undefined
      ? []
      : [
          `    # The hub has a port of its own; /negotiate below it has not.\n${router('belfry-hub', `Path(\`${path}/notifications/hub\`)`, oldHub, { isWithin: true })}`,
        ]),
    ...webSocketPaths.map(({ path, upstream }, i) =>
      router(`websocket-path${i + 1}`, below(path), upstream, { isWithin: true }),
    ),
    ...webSocketPorts.map(({ upstream }, i) =>
      router(`websocket-port${i + 1}`, '', upstream, { entryPoint: `websocket${i + 1}` }),
    ),
  ]
}

function service(name: string, upstream: Upstream): string {
  return `    ${name}:
      loadBalancer:
        servers: [{ url: "${urlOf(upstream)}" }]
${upstream.isTls ? '        serversTransport: belfry\n' : ''}`
}

function tcpPart({ upstream, proxyProtocol }: NonNullable<Site['nats']>): string {
  return `tcp:
  routers:
    nats:
      # Every client; NATS begins without TLS, so that no name is known.
      rule: "HostSNI(\`*\`)"
      entryPoints: [nats]
      service: nats
  services:
    nats:
      loadBalancer:
        servers: [{ address: "${hostPort(upstream)}" }]
${
  proxyProtocol === undefined
    ? ''
    : `        serversTransport: belfry
  serversTransports:
    belfry:
      # Says who the client is.
      proxyProtocol: { version: ${proxyProtocol.slice(1)} }
`
}`
}

function certificates({ certificate }: Site): string {
  if (certificate === undefined) return ''
  return `tls:
  certificates:
    - certFile: "${certificate.certFile}"
      keyFile: "${certificate.keyFile}"
`
}
