import { port } from '../types/address.ts'
import { boolean } from '../types/boolean.ts'
import { duration, handshakeTimeout } from '../types/duration.ts'
import { type Headers, headers } from '../types/headers.ts'
import { origins } from '../types/lists.ts'
import { zeroIsNone } from '../types/setting-type.ts'
import { cookieName, host, plainText, urlPath } from '../types/text.ts'
import { tls } from '../types/tls.ts'
import { authorizationSettings } from './authorization.ts'
import { proxySettings } from './proxies.ts'
import { optional, setting } from './setting.ts'

const MAX_INT32 = 2 ** 31 - 1

export const websocketSettings = {
  host: setting({
    key: 'websocket.host',
    aliases: ['websocket.net'],
    type: host,
    default: '0.0.0.0',
    help: 'Address of the listener for NATS over WebSocket.',
  }),
  port: optional({
    key: 'websocket.port',
    type: port,
    defaultText: 'none: the listener is off',
    help: 'Port of the listener for NATS over WebSocket.',
  }),
  advertise: optional({
    key: 'websocket.advertise',
    type: plainText('`"host"` or `"host:port"`'),
    defaultText: 'none',
    help: 'Where clients are told to connect, when that is not where the server listens.',
  }),
  tls: optional({
    key: 'websocket.tls',
    type: tls,
    defaultText: 'none',
    help: 'TLS of the listener. Needed unless `no_tls` is set.',
  }),
  noTls: setting({
    key: 'websocket.no_tls',
    type: boolean,
    default: false,
    help: 'Serves plain `ws://`. Not asked when there is `tls`.',
  }),
  handshakeTimeoutMs: setting({
    key: 'websocket.handshake_timeout',
    type: handshakeTimeout({ minMs: 0, maxMs: MAX_INT32 }),
    default: 10_000,
    defaultText: '`"10s"`',
    help: 'Time a client has for the TLS handshake and its request. `0`: no limit, which is the default of nats-server.',
  }),
  sameOrigin: setting({
    key: 'websocket.same_origin',
    type: boolean,
    default: false,
    help: 'Whether browsers are refused that come from a page of another origin.',
  }),
  allowedOrigins: setting<readonly string[]>({
    key: 'websocket.allowed_origins',
    aliases: ['allowed_origin', 'allow_origins', 'allow_origin', 'origins', 'origin'].map((key) => `websocket.${key}`),
    type: origins,
    default: [],
    help:
      'Origins of pages from which browsers may connect. Empty: any. In front of a host `*.` stands for one or more ' +
      'names, and `:*` for any port.',
  }),
  compression: setting({
    key: 'websocket.compression',
    aliases: ['websocket.compress'],
    type: boolean,
    default: false,
    help: 'Whether messages are compressed for clients that can take it. (RFC 7692)',
  }),
  path: optional({
    key: 'websocket.path',
    type: urlPath,
    defaultText: 'all paths',
    help: 'Only this path and those below it are served.',
  }),
  jwtCookie: optional({
    key: 'websocket.jwt_cookie',
    type: cookieName,
    defaultText: 'none',
    help: "Cookie with the user's JWT, for clients that show none in their CONNECT. Needs `operator` or `trusted_keys`.",
  }),
  userCookie: cookie('user_cookie', 'user'),
  passwordCookie: cookie('pass_cookie', 'password'),
  tokenCookie: cookie('token_cookie', 'token'),
  headers: setting<Headers>({
    key: 'websocket.headers',
    type: headers,
    default: [],
    help: 'Headers that are added to the response with which the WebSocket begins.',
  }),
  pingIntervalMs: optional({
    key: 'websocket.ping_interval',
    type: zeroIsNone(duration({ minMs: 1, maxMs: MAX_INT32 })),
    defaultText: '`ping_interval` of the top level',
    help: 'How often a quiet client is asked whether it is still there.',
  }),
  answersProbes: setting({
    key: 'websocket.probe',
    type: boolean,
    default: true,
    help: 'Whether requests with the header `Belfry-Probe`, as `belfry doctor` sends them, are told how they arrived.',
  }),
  ...authorizationSettings('websocket.', { of: 'of this listener, instead of those of the top level' }),
  ...proxySettings('websocket.'),
}

function cookie(key: string, what: string) {
  return optional({
    key: `websocket.${key}`,
    type: cookieName,
    defaultText: 'none',
    help: `Cookie with the ${what} of clients that name none in their CONNECT.`,
  })
}
