import { natsHeading, siteHeading } from './heading.ts'
import { type Bind, bindText, certbotFiles, hasTlsUpstream, hostPort, type Site, type Upstream, urlOf } from './site.ts'

/** A site for `conf.d`; or, since nginx keeps both apart, the file that passes NATS over TCP on. */
export function nginxConfig(site: Site): string {
  return site.nats === undefined ? webConfig(site) : streamConfig(site)
}

function webConfig(site: Site): string {
  const { host, path, https, http, web, oldHub, webSocketPaths, webSocketPorts, origin } = site
  const { certFile, keyFile } = { ...certbotFiles(site), ...site.certificate }
  const heading = siteHeading(site, {
    proxy: 'nginx 1.18 or newer',
    file: '/etc/nginx/conf.d/belfry.conf',
    commands: ['nginx -t && systemctl reload nginx'],
  })
  const tls = `  server_name ${host};
  ssl_certificate ${certFile};
  ssl_certificate_key ${keyFile};
  ssl_protocols TLSv1.2 TLSv1.3;
  access_log /var/log/nginx/access.log belfry;`
  const redirect =
    http &&
    `server {
${listen(http)}
  server_name ${host};
  return 308 ${origin}$request_uri;
}
`
  return `${heading}
# Without the query, which holds access tokens of devices.
log_format belfry '$remote_addr [$time_local] "$request_method $uri $server_protocol" $status $body_bytes_sent';
# Passes an upgrade to WebSocket on, and nothing when none is asked for.
map $http_upgrade $belfry_connection { default upgrade; '' close; }

${redirect === undefined ? '' : `${redirect}\n`}server {
${listen(https, ' ssl')}
${tls}

  # Attachments and files of Sends; nginx itself refuses more than 1 MB.
  client_max_body_size ${Math.ceil(site.maxBodyBytes / 1024 ** 2)}m;
${passing(site)}
${[
  ...(path === '' ? [] : [place('/', 'return 404;'), place(`= ${path}`, `return 308 ${origin}${path}/;`)]),
  place(`${path}/`, pass(web)),
  `  # Errors are logged with the whole address and so with access tokens: here only the worst.
${place(`${path}/notifications/`, quietly(web))}
${place(`${path}/hubs/`, quietly(web))}`,
  ...(oldHub === undefined ? [] : [hubPlace(`${path}/notifications/hub`, oldHub)]),
  ...webSocketPaths.flatMap(({ path, upstream }) => [
    place(`= ${path}`, pass(upstream)),
    place(`${path}/`, pass(upstream)),
  ]),
].join('\n')}
}
${webSocketPorts
  .map(
    ({ bind, upstream }) => `
# NATS over WebSocket.
server {
${listen(bind, ' ssl')}
${tls}
${passing(site)}
${place('/', pass(upstream))}
}
`,
  )
  .join('')}`
}

/** All addresses are two listeners: nginx binds those of IPv6 separately. */
function listen(bind: Bind, tls = ''): string {
  const addresses = bind.address === undefined ? [`${bind.port}`, `[::]:${bind.port}`] : [bindText(bind, '')]
  return addresses.map((address) => `  listen ${address}${tls};`).join('\n')
}

/** How requests are passed on: as the client made them, with its real address. */
function passing(site: Site): string {
  const tls = hasTlsUpstream(site) ? '\n  # Belfry has a certificate for another name.\n  proxy_ssl_verify off;' : ''
  return `  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $belfry_connection;
  proxy_set_header Host $http_host;
  # Set, not appended to what the client sent.
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;
  # Events are passed on as they come, and who is silent is pinged before this is over.
  proxy_buffering off;
  proxy_read_timeout ${site.idleSeconds}s;
  proxy_send_timeout ${site.idleSeconds}s;${tls}`
}

const place = (location: string, rules: string) => `  location ${location} { ${rules} }`
const pass = (upstream: Upstream) => `proxy_pass ${urlOf(upstream)};`
const quietly = (upstream: Upstream) => `${pass(upstream)} error_log /var/log/nginx/error.log crit;`
const hubPlace = (path: string, hub: Upstream) => `  # The hub has a port of its own; /negotiate below it has not.
${place(`= ${path}`, quietly(hub))}`

function streamConfig(site: Site): string {
  const { bind, upstream, proxyProtocol } = site.nats!
  const heading = natsHeading(site, {
    proxy: 'nginx with its stream module',
    file: '/etc/nginx/belfry-nats.conf',
    commands: ['nginx -t && systemctl reload nginx'],
    remarks: [
      'At the top level of /etc/nginx/nginx.conf, below the line that loads modules:',
      '  include /etc/nginx/belfry-nats.conf;',
      'On Debian the module is in the package libnginx-mod-stream. The web site has a file of its own: without --nats-tcp.',
    ],
  })
  return `${heading}
stream {
  server {
${listen(bind).replace(/^/gm, '  ')}
    proxy_pass ${hostPort(upstream)};
${proxyProtocol === undefined ? '' : '    # Says who the client is, in version 1, the only one that nginx writes.\n    proxy_protocol on;\n'}\
    # Longer than the pings of NATS.
    proxy_timeout ${site.idleSeconds}s;
  }
}
`
}
