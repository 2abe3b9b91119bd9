import { siteHeading } from './heading.ts'
import { bindText, certbotFiles, hasTlsUpstream, type Site, type Upstream, urlOf } from './site.ts'

/** A site for `sites-available`. */
export function apacheConfig(site: Site): string {
  const { path, https, http, web, oldHub, webSocketPaths, webSocketPorts, origin } = site
  const heading = siteHeading(site, {
    proxy: 'Apache httpd 2.4.47 or newer',
    file: '/etc/apache2/sites-available/belfry.conf',
    commands: [
      'a2enmod ssl headers proxy proxy_http',
      'a2ensite belfry && apache2ctl configtest && systemctl reload apache2',
    ],
    remarks: [
      'Each device that is connected keeps a thread: MaxRequestWorkers, 150 by default, has to be above that number.',
    ],
  })
  const binds = [...(http ? [http] : []), https, ...webSocketPorts.map(({ bind }) => bind)]
  // Debian's ports.conf has these two, for all addresses; beside them one of a single address cannot be bound.
  const listens = binds.filter(({ port }) => ![80, 443].includes(port))
  const plain =
    http &&
    `<VirtualHost ${bindText(http, '*:')}>
  ${serverName(site)}
  RedirectMatch 308 ^(.*)$ ${origin}$1
</VirtualHost>
`
  const passes = [
    ...webSocketPaths.map(({ path, upstream }) => passBelow(path, upstream, site)),
    ...(oldHub === undefined ? [] : [hubPass(`${path}/notifications/hub`, oldHub, site)]),
    passBelow(path, web, site),
    ...(path === '' ? [] : [nothingBeside([path, ...webSocketPaths.map(({ path }) => path)])]),
  ]
  return `${heading}
${listens.length === 0 ? '' : `${listens.map((bind) => `Listen ${bindText(bind, '')}\n`).join('')}\n`}\
# Without the query, which holds access tokens of devices.
LogFormat "%h %t \\"%m %U %H\\" %>s %B" belfry

${plain === undefined ? '' : `${plain}\n`}${virtualHost(site, https, passes)}\
${webSocketPorts.map(({ bind, upstream }) => `\n# NATS over WebSocket.\n${virtualHost(site, bind, [passBelow('', upstream, site)])}`).join('')}`
}

/** Apache takes an IPv6 address as an alias alone, without brackets, and looks for a name in DNS where it has none. */
function serverName({ host }: Site): string {
  return host.startsWith('[') ? `ServerName belfry.invalid\n  ServerAlias ${host.slice(1, -1)}` : `ServerName ${host}`
}

function virtualHost(site: Site, bind: Site['https'], passes: readonly string[]): string {
  const { certFile, keyFile } = { ...certbotFiles(site), ...site.certificate }
  const tls = hasTlsUpstream(site)
    ? `
  # Belfry has a certificate for another name.
  SSLProxyEngine on
  SSLProxyVerify none
  SSLProxyCheckPeerName off
  SSLProxyCheckPeerExpire off
`
    : ''
  return `<VirtualHost ${bindText(bind, '*:')}>
  ${serverName(site)}
  SSLEngine on
  SSLCertificateFile ${certFile}
  SSLCertificateKeyFile ${keyFile}
  SSLProtocol -all +TLSv1.2 +TLSv1.3
  CustomLog \${APACHE_LOG_DIR}/access.log belfry

  # Attachments and files of Sends.
  LimitRequestBody ${site.maxBodyBytes}
  ProxyPreserveHost On
  # Set, not appended to what the client sent. Apache adds X-Forwarded-For and X-Forwarded-Host by itself.
  RequestHeader unset X-Forwarded-For
  RequestHeader unset X-Forwarded-Host
  RequestHeader set X-Forwarded-Proto https
  RequestHeader set X-Real-IP "expr=%{REMOTE_ADDR}"
${tls}
  # upgrade=websocket lets WebSockets through. Who is silent is pinged before the timeout is over.
${passes.join('\n')}
</VirtualHost>
`
}

/** `ttl`: Belfry closes idle connections after 75 s, and who sends into that moment is answered 502. */
function options(site: Site): string {
  return `upgrade=websocket timeout=${site.idleSeconds} ttl=60`
}

/**
 * The path itself and all below it, not what merely begins with the same letters. Apache appends the whole
 * path by itself where an expression puts nothing in.
 */
function passBelow(path: string, upstream: Upstream, site: Site): string {
  const below = `  ProxyPass ${path}/ ${urlOf(upstream)}${path}/ ${options(site)}`
  return path === '' ? below : `${below}\n  ProxyPassMatch ^${literally(path)}$ ${urlOf(upstream)} ${options(site)}`
}

function hubPass(path: string, hub: Upstream, site: Site): string {
  return `  # The hub has a port of its own; /negotiate below it has not.
  ProxyPassMatch ^${literally(path)}$ ${urlOf(hub)} ${options(site)}`
}

function nothingBeside(paths: readonly string[]): string {
  return `  # Nothing else is here; without this line it would be DocumentRoot.
  RedirectMatch 404 ^/(?!(?:${paths.map((path) => literally(path.slice(1))).join('|')})(?:/|$))`
}

function literally(path: string): string {
  return path.replaceAll('.', '\\.')
}
