/** The table: what goes wrong in front of a server, and how each proxy is made to do it. */
import type { FaultId } from '#doctor'
import type { ProxyKind } from '../start-proxy.ts'
import { below, instead, without } from './edit.ts'

/** A good configuration, broken. Nobody listens on `nowhere`, a `host:port`; `upstream` is Belfry's. */
export type Break = (good: string, addresses: { readonly upstream: string; readonly nowhere: string }) => string

/** How a proxy comes to have a fault, or why it cannot. */
export type Cell =
  | {
      readonly broken: Break
      /** What the doctor names, if not what the row says. */
      readonly faults?: readonly FaultId[]
    }
  /** What one would write to break it so, which harms nobody, is tried all the same. */
  | { readonly cannot: string; readonly harmless?: Break }

export interface Fault {
  readonly title: string
  /** The ids that the doctor gives, and no others. */
  readonly faults: readonly FaultId[]
  readonly cells: Readonly<Record<ProxyKind, Cell>>
  /** How long the doctor waits in silence; seconds, by default none. */
  readonly idleSeconds?: number
}

/** Where the server is, below the domain. */
export const PATH = '/vault'
const HUB = `${PATH}/notifications/hub`

const REAL_IP = {
  nginx: 'proxy_set_header X-Real-IP',
  apache: 'RequestHeader set X-Real-IP',
  haproxy: 'http-request set-header X-Real-IP',
  caddy: 'header_up X-Real-IP',
} as const

/** What holds for requests as the client's address does stands beside it. */
const beside =
  (kind: ProxyKind, ...lines: readonly string[]): Break =>
  (good) =>
    below(good, REAL_IP[kind], ...lines)

/** For a client from elsewhere `addresses.test.ts` shows it; what comes from this machine is a trusted proxy itself. */
const READ_FROM_END = 'does no harm: Belfry reads the header from its end'

export const FAULTS: readonly Fault[] = [
  {
    title: 'Upgrade is not passed on',
    faults: ['no-upgrade'],
    cells: {
      nginx: { broken: (good) => without(good, 'proxy_set_header Upgrade') },
      apache: { broken: (good) => instead(good, ' upgrade=websocket', '') },
      haproxy: { broken: beside('haproxy', 'http-request del-header Upgrade') },
      caddy: { broken: beside('caddy', 'header_up -Upgrade') },
    },
  },
  {
    title: 'nothing but the address of the server',
    faults: ['client-address-hidden'],
    cells: {
      nginx: {
        broken: (good) => without(good, 'proxy_set_header', 'proxy_http_version'),
        faults: ['http-1.0', 'wrong-host', 'client-address-hidden'],
      },
      apache: {
        broken: (good) => without(instead(good, ' upgrade=websocket', ''), 'RequestHeader', 'ProxyPreserveHost'),
        faults: ['no-upgrade', 'wrong-host', 'client-address-hidden'],
      },
      haproxy: { broken: (good) => without(good, 'http-request set-header') },
      caddy: { broken: (good) => without(good, 'header_up') },
    },
  },
  {
    title: 'Connection is not passed on',
    faults: ['no-connection'],
    cells: {
      nginx: { broken: (good) => without(good, 'proxy_set_header Connection') },
      apache: {
        cannot: 'writes it itself wherever it passes an upgrade on',
        harmless: beside('apache', 'RequestHeader unset Connection early'),
      },
      haproxy: { broken: beside('haproxy', 'http-request del-header Connection') },
      caddy: { broken: beside('caddy', 'header_up -Connection') },
    },
  },
  {
    title: 'HTTP/1.0 to the server',
    faults: ['http-1.0'],
    cells: {
      nginx: { broken: (good) => without(good, 'proxy_http_version') },
      apache: { broken: beside('apache', 'SetEnv force-proxy-request-1.0 1') },
      haproxy: { cannot: 'speaks HTTP/1.1 or 2 to servers, whatever its client speaks' },
      caddy: {
        cannot: 'speaks HTTP/1.1 or 2 to servers, and takes `versions 1.0` for 1.1',
        harmless: beside('caddy', 'transport http {', '	versions 1.0', '}'),
      },
    },
  },
  {
    title: 'cut when nobody speaks for 2 s',
    faults: ['idle-timeout'],
    idleSeconds: 3,
    cells: {
      nginx: { broken: (good) => instead(good, 'proxy_read_timeout 600s', 'proxy_read_timeout 2s') },
      // The longer one of this and the one of the ProxyPass counts.
      apache: {
        broken: (good) => below(instead(good, ' timeout=600', ''), REAL_IP.apache, 'Timeout 2'),
      },
      haproxy: {
        broken: (good) => instead(without(good, 'timeout tunnel'), '600s', '2s'),
      },
      caddy: { broken: beside('caddy', 'transport http {', '	read_timeout 2s', '}') },
    },
  },
  {
    title: 'another Host',
    faults: ['wrong-host'],
    cells: {
      nginx: { broken: (good) => without(good, 'proxy_set_header Host') },
      apache: { broken: (good) => without(good, 'ProxyPreserveHost') },
      haproxy: { broken: beside('haproxy', 'http-request set-header Host belfry.internal') },
      caddy: { broken: beside('caddy', 'header_up Host {upstream_hostport}') },
    },
  },
  {
    title: 'answers are held back',
    faults: ['buffering'],
    cells: {
      nginx: {
        // By HTTP/1.1 it passes on what it has, by 1.0 it waits for a full buffer unless the answer forbids that.
        broken: (good) =>
          instead(
            instead(good, 'proxy_http_version 1.1', 'proxy_http_version 1.0'),
            'proxy_buffering off',
            'proxy_ignore_headers X-Accel-Buffering',
          ),
        faults: ['http-1.0', 'buffering'],
      },
      apache: {
        cannot: 'passes on what it has, with `mod_buffer` and `mod_deflate` too',
        harmless: (good) =>
          below(instead(good, 'a2enmod ssl', 'a2enmod buffer ssl'), REAL_IP.apache, 'SetOutputFilter BUFFER;DEFLATE'),
      },
      haproxy: { broken: (good) => below(good, 'server belfry', 'http-response wait-for-body time 10s') },
      // Keeps a 101 back as well, whose body never ends.
      caddy: { broken: beside('caddy', 'buffer_responses'), faults: ['buffering', 'no-101'] },
    },
  },
  {
    title: 'the client’s address is left out',
    faults: ['client-address-hidden'],
    cells: {
      nginx: { broken: (good) => instead(good, 'X-Real-IP $remote_addr', "X-Real-IP ''") },
      apache: { broken: (good) => instead(good, 'set X-Real-IP "expr=%{REMOTE_ADDR}"', 'unset X-Real-IP') },
      haproxy: { broken: (good) => instead(good, 'set-header X-Real-IP %[src]', 'del-header X-Real-IP') },
      caddy: { broken: (good) => instead(good, 'X-Real-IP {remote_host}', '-X-Real-IP') },
    },
  },
  {
    title: 'nothing is said of the client’s address',
    faults: ['client-address-hidden'],
    cells: {
      nginx: { broken: (good) => without(good, 'X-Real-IP') },
      apache: { broken: (good) => without(good, 'X-Real-IP') },
      haproxy: { broken: (good) => without(good, 'X-Real-IP') },
      caddy: { broken: (good) => without(good, 'X-Real-IP') },
    },
  },
  {
    title: 'what the client says of its address is believed',
    faults: ['client-address-forged'],
    cells: {
      nginx: {
        broken: beside('nginx', 'set_real_ip_from 0.0.0.0/0;', 'real_ip_header X-Forwarded-For;'),
      },
      apache: { broken: (good) => instead(good, 'set X-Real-IP', 'setifempty X-Real-IP') },
      haproxy: {
        broken: (good) => instead(good, 'X-Real-IP %[src]', 'X-Real-IP %[src] unless { hdr_cnt(X-Real-IP) gt 0 }'),
      },
      caddy: {
        broken: (good) =>
          below(
            without(good, REAL_IP.caddy),
            'tls ',
            ...['@silent not header X-Real-IP *', 'request_header @silent X-Real-IP {remote_host}'],
          ),
      },
    },
  },
  {
    title: 'the address is appended to what the client says',
    faults: [],
    cells: {
      nginx: {
        cannot: READ_FROM_END,
        harmless: (good) => instead(good, 'X-Real-IP $remote_addr', 'X-Real-IP "$http_x_real_ip, $remote_addr"'),
      },
      apache: { cannot: READ_FROM_END, harmless: (good) => instead(good, 'set X-Real-IP', 'append X-Real-IP') },
      haproxy: {
        cannot: READ_FROM_END,
        harmless: (good) => instead(good, 'set-header X-Real-IP', 'add-header X-Real-IP'),
      },
      caddy: { cannot: READ_FROM_END, harmless: (good) => instead(good, REAL_IP.caddy, 'header_up +X-Real-IP') },
    },
  },
  {
    title: 'nothing listens where requests are sent',
    faults: ['bad-gateway'],
    cells: everywhere((good, { upstream, nowhere }) => instead(good, upstream, nowhere)),
  },
  {
    title: 'the hub is sent to its old port, where nothing listens',
    faults: ['hub-elsewhere'],
    cells: {
      nginx: {
        broken: (good, { nowhere }) =>
          below(good, 'proxy_read_timeout', `location = ${HUB} { proxy_pass http://${nowhere}; }`),
      },
      apache: {
        broken: (good, { nowhere }) =>
          below(good, REAL_IP.apache, `ProxyPassMatch ^${HUB}$ http://${nowhere}${HUB} upgrade=websocket`),
      },
      haproxy: {
        broken: (good, { nowhere }) =>
          `${below(good, REAL_IP.haproxy, `use_backend hub if { path ${HUB} }`)}
backend hub
  server hub ${nowhere}
`,
      },
      caddy: {
        broken: (good, { nowhere }) => below(good, 'tls ', `handle ${HUB} {`, `	reverse_proxy ${nowhere}`, '}'),
      },
    },
  },
  {
    title: 'the path is taken off',
    faults: ['wrong-path'],
    cells: {
      nginx: { broken: (good, { upstream }) => instead(good, `${upstream};`, `${upstream}/;`) },
      apache: { broken: (good, { upstream }) => instead(good, `${upstream}${PATH}/`, `${upstream}/`) },
      haproxy: { broken: (good) => below(good, 'server belfry', `http-request replace-path ${PATH}(/.*) \\1`) },
      caddy: { broken: (good) => below(good, 'handle @paths1', `	uri strip_prefix ${PATH}`) },
    },
  },
  {
    title: 'a login of its own',
    faults: ['proxy-login'],
    cells: {
      nginx: {
        broken: (good) => below(good, 'proxy_read_timeout', 'auth_basic "for us";', 'auth_basic_user_file /dev/null;'),
      },
      apache: {
        broken: (good) =>
          below(
            instead(good, 'a2enmod ssl', 'a2enmod auth_basic authn_file ssl'),
            REAL_IP.apache,
            ...['<Location "/">', '  AuthType Basic', '  AuthName "for us"', '  AuthUserFile /dev/null'],
            ...['  Require valid-user', '</Location>'],
          ),
      },
      haproxy: {
        broken: (good) =>
          `${below(good, REAL_IP.haproxy, 'http-request auth unless { http_auth(us) }')}
userlist us
  user me insecure-password secret
`,
      },
      // The hash of nothing that anybody knows.
      caddy: {
        broken: (good) =>
          below(good, 'tls ', 'basicauth {', '	me $2a$14$tG2G9D23BQuKJudInbG2Z.dzsu5iMw0Gi/ajer9Ourw3ue3EO1JyG', '}'),
      },
    },
  },
  {
    title: '101 is not passed back',
    faults: ['no-101'],
    cells: {
      nginx: { cannot: 'passes 101 back to whoever asked for an upgrade' },
      apache: { cannot: 'asks for no upgrade that it would not pass back' },
      haproxy: {
        broken: (good) => below(good, 'server belfry', 'http-response set-status 200 if { status 101 }'),
      },
      caddy: {
        broken: beside('caddy', '@switching status 101', 'handle_response @switching {', '	respond 200', '}'),
      },
    },
  },
]

function everywhere(broken: Break): Fault['cells'] {
  const cell = { broken }
  return { nginx: cell, apache: cell, haproxy: cell, caddy: cell }
}
