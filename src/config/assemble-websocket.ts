import type { ServerAuthorization, SimpleAuthorization } from '#auth'
import { checkOrigin } from './check-origin.ts'
import type { WebsocketOptions } from './options.ts'
import { websocketSettings } from './settings/websocket.ts'
import type { Headers } from './types/headers.ts'
import type { TlsOptions } from './types/tls.ts'
import type { Choice } from './values.ts'

/** Names that the WebSocket handshake itself needs, or that would break it. */
const FORBIDDEN_HEADERS = ['host', 'content-length', 'connection', 'upgrade', 'nats-no-masking']

export interface WebsocketAssembly {
  readonly absoluteTls: (tls: TlsOptions | undefined) => TlsOptions | undefined
  readonly authorization: (choose: Choice, settings: typeof websocketSettings) => SimpleAuthorization
  readonly advertise: (address: string | undefined, complaint: (reason: string) => string) => string | undefined
  /** Of the server: what a listener may say of its own depends on it. */
  readonly main: ServerAuthorization
  readonly error: (line: string) => void
}

/**
 * The options of one listener; `undefined` when it has no port and so is off, whatever else is set for it. What
 * nats-server checks at its start is checked in its order. (`spec/nats.md` §3.2)
 */
export function websocketOptions(choose: Choice, assembly: WebsocketAssembly): WebsocketOptions | undefined {
  const { absoluteTls, advertise, error } = assembly
  const settings = websocketSettings
  const port = choose(settings.port)
  if (port === undefined) return undefined

  const tls = absoluteTls(choose(settings.tls))
  if (tls === undefined ? !choose(settings.noTls) : tls.certificates.length === 0) {
    error('websocket requires TLS configuration')
  }
  const allowedOrigins = choose(settings.allowedOrigins)
  for (const origin of allowedOrigins) checkOrigin(origin, error)
  const authorization = assembly.authorization(choose, settings)
  const { users = [], nkeyUsers = [], operator } = assembly.main
  if (users.length + nkeyUsers.length > 0) {
    const notBoth = (what: string) => `websocket authentication ${what} not compatible with presence of users/nkeys`
    if (authorization.user !== undefined) error(notBoth('username'))
    if (authorization.token !== undefined) error(notBoth('token'))
  }
  const jwt = noneIfEmpty(choose(settings.jwtCookie))
  if (jwt !== undefined && operator === undefined) {
    error(
      'trusted operators or trusted keys configuration is required for JWT authentication via cookie ' +
        JSON.stringify(jwt),
    )
  }
  const headers = choose(settings.headers)
  checkHeaders(headers, error)

  const proxyProtocol = choose(settings.proxyProtocol)
  const trustedProxies = choose(settings.trustedProxies) ?? 'none'
  if (proxyProtocol && trustedProxies === 'none') {
    error('websocket: proxy_protocol needs trusted_proxies, which say whose headers are believed')
  }
  return {
    host: choose(settings.host),
    port,
    advertise: advertise(choose(settings.advertise), (reason) => `Unable to get websocket connect URLs: ${reason}`),
    tls,
    sameOrigin: choose(settings.sameOrigin),
    allowedOrigins,
    compression: choose(settings.compression),
    handshakeTimeoutMs: choose(settings.handshakeTimeoutMs),
    cookies: {
      jwt,
      user: noneIfEmpty(choose(settings.userCookie)),
      password: noneIfEmpty(choose(settings.passwordCookie)),
      token: noneIfEmpty(choose(settings.tokenCookie)),
    },
    headers,
    pingIntervalMs: choose(settings.pingIntervalMs),
    authorization,
    path: noneIfEmpty(choose(settings.path)),
    answersProbes: choose(settings.answersProbes),
    proxyProtocol,
    trustedProxies,
    maxConnectionsPerAddress: choose(settings.maxConnectionsPerAddress),
  }
}

function noneIfEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function checkHeaders(headers: Headers, error: (line: string) => void): void {
  for (const [name] of headers) {
    const lower = name.toLowerCase()
    if (FORBIDDEN_HEADERS.includes(lower)) error(`websocket: invalid header "${name}" not allowed`)
    else if (lower.startsWith('sec-websocket-')) {
      error(`websocket: invalid header "${name}", "Sec-WebSocket-" prefix not allowed`)
    }
  }
}
