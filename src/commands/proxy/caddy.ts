import { siteHeading } from './heading.ts'
import { hostPort, type Site, type Upstream } from './site.ts'

/** A whole Caddyfile. */
export function caddyConfig(site: Site): string {
  const { host, path, https, http, web, oldHub, webSocketPaths, webSocketPorts, origin } = site
  const heading = siteHeading(site, {
    proxy: 'Caddy 2.5 or newer',
    file: '/etc/caddy/Caddyfile',
    commands: ['caddy validate --config /etc/caddy/Caddyfile && systemctl reload caddy'],
  })
  // Where one of these is not as usual, Caddy's own redirection would go astray.
  const redirectsItself = https.port === 443 && http?.port === 80 && origin === `https://${host}`
  const handled = [
    ...webSocketPaths.map(({ path, upstream }) => handle(`${path} ${path}/*`, upstream)),
    ...(oldHub === undefined
      ? []
      : [
          `	# The hub has a port of its own; /negotiate below it has not.\n${handle(`${path}/notifications/hub`, oldHub)}`,
        ]),
    ...(path === '' ? [handle('', web)] : [handle(`${path} ${path}/*`, web), '	handle {\n		respond 404\n	}']),
  ]
  // No blank line before the braces: so `caddy fmt` wants it.
  return `${heading}{
${redirectsItself ? '' : '	auto_https disable_redirects\n'}\
	# No access log is written unless one is asked for; in lines about errors access tokens are left out.
	log {
		format filter {
			wrap json
			fields {
				request>uri query {
					delete access_token
				}
			}
		}
	}
}

${redirectsItself || http === undefined ? '' : `${block(`http://${host}:${http.port}`, http, [`	redir * ${origin}{uri} 308`])}\n`}\
${block(`https://${host}${https.port === 443 ? '' : `:${https.port}`}`, https, [...tls(site), ...numbered(handled)])}\
${webSocketPorts
  .map(
    ({ bind, upstream }) =>
      `\n# NATS over WebSocket.\n${block(`https://${host}:${bind.port}`, bind, [...tls(site), handle('', upstream)])}`,
  )
  .join('')}`
}

function block(address: string, { address: bind }: Site['https'], lines: readonly string[]): string {
  return `${address} {\n${bind === undefined ? '' : `	bind ${bind}\n`}${lines.join('\n')}\n}\n`
}

function tls({ certificate }: Site): string[] {
  return certificate === undefined ? [] : [`	tls ${certificate.certFile} ${certificate.keyFile}`]
}

/** Gives each matcher a name of its own: only named ones take several paths. */
function numbered(handles: readonly string[]): string[] {
  return handles.map((text, i) => text.replaceAll('@paths', `@paths${i + 1}`))
}

/** Passes on what has one of the paths: WebSockets too, with the client's address in X-Forwarded-For, as Caddy does. */
function handle(paths: string, upstream: Upstream): string {
  const transport = upstream.isTls
    ? `
			# Belfry has a certificate for another name.
			transport http {
				tls_insecure_skip_verify
			}`
    : ''
  const matcher = paths === '' ? '' : '@paths '
  // Newer Caddys would send the upstream's own name; older ones warn of the plain placeholder.
  const [variable, host] = upstream.isTls
    ? ['\n		vars host {http.request.hostport}', '\n			header_up Host {http.vars.host}']
    : ['', '']
  return `${paths === '' ? '' : `	@paths path ${paths}\n`}	handle ${matcher}{${variable}
		reverse_proxy ${upstream.isTls ? 'https://' : ''}${hostPort(upstream)} {
			# Set, not appended to what the client sent.
			header_up X-Real-IP {remote_host}${host}${transport}
		}
	}`
}
