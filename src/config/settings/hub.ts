import { boolean } from '../types/boolean.ts'
import { duration } from '../types/duration.ts'
import { bytes, integer } from '../types/integer.ts'
import { origins } from '../types/lists.ts'
import { setting } from './setting.ts'

const MAX_INT32 = 2 ** 31 - 1
const KIB = 1024
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** The notification hub and its likes: SignalR. */
export const hubSettings = {
  maxConnections: setting({
    key: 'hub.max_connections',
    variable: 'BELFRY_HUB_MAX_CONNECTIONS',
    type: integer({ min: 1, max: MAX_INT32 }),
    default: 65_536,
    help: 'Connections of all hubs at the same time; one more is answered 503.',
  }),
  maxConnectionsPerUser: setting({
    key: 'hub.max_connections_per_user',
    variable: 'BELFRY_HUB_MAX_CONNECTIONS_PER_USER',
    type: integer({ min: 1, max: MAX_INT32 }),
    default: 64,
    help: 'Connections of one user to one hub; with one more the oldest is closed.',
  }),
  maxConnectionsPerAddress: setting({
    key: 'hub.max_connections_per_address',
    variable: 'BELFRY_HUB_MAX_CONNECTIONS_PER_ADDRESS',
    type: integer({ min: 0, max: MAX_INT32 }),
    default: 0,
    help:
      'Connections of one client address (`ip_header` says how it is known) to the hubs that need a token; one more is ' +
      'answered 429. 0: unlimited, since a company may come from one address.',
  }),
  maxAnonymousConnectionsPerAddress: setting({
    key: 'hub.max_anonymous_connections_per_address',
    variable: 'BELFRY_HUB_MAX_ANONYMOUS_CONNECTIONS_PER_ADDRESS',
    type: integer({ min: 0, max: MAX_INT32 }),
    default: 25,
    help:
      'Connections of one client address to the anonymous hub, which needs no token; one more is answered 429. 0: unlimited. ' +
      'In all they may be a quarter of `hub.max_connections`.',
  }),
  maxPendingBytes: setting({
    key: 'hub.max_pending',
    type: bytes({ min: 4 * KIB, max: MAX_INT32 }),
    default: 256 * KIB,
    help: 'What may wait to be sent to one device before its events become a single hint to sync.',
  }),
  handshakeTimeoutMs: setting({
    key: 'hub.handshake_timeout',
    type: duration({ minMs: SECOND_MS, maxMs: 5 * MINUTE_MS }),
    default: 15_000,
    defaultText: '`"15s"`',
    help: 'How long a client may take from the connection to its SignalR handshake.',
  }),
  keepAliveMs: setting({
    key: 'hub.keep_alive',
    type: duration({ minMs: SECOND_MS, maxMs: 5 * MINUTE_MS }),
    default: 15_000,
    defaultText: '`"15s"`',
    help: 'A client that nothing was sent to for so long is pinged. Clients give up after 30 s without data.',
  }),
  clientTimeoutMs: setting({
    key: 'hub.client_timeout',
    type: duration({ minMs: 2 * SECOND_MS, maxMs: 10 * MINUTE_MS }),
    default: 30_000,
    defaultText: '`"30s"`',
    help: 'A client that says nothing for so long is taken for gone. Clients ping every 15 s.',
  }),
  drainWindowMs: setting({
    key: 'hub.drain_window',
    variable: 'BELFRY_HUB_DRAIN_WINDOW',
    type: duration({ minMs: 0, maxMs: 10 * MINUTE_MS }),
    default: 3_000,
    defaultText: '`"3s"`',
    help: 'When the server stops, connections are closed one after the other over this time, so that clients do not all return at once.',
  }),
  allowedOrigins: setting<readonly string[]>({
    key: 'hub.allowed_origins',
    type: origins,
    default: [],
    help:
      'Origins of pages from which browsers may connect, besides those of the apps. Empty: any. In front of a host `*.` ' +
      'stands for one or more names, and `:*` for any port.',
  }),
  sameOrigin: setting({
    key: 'hub.same_origin',
    type: boolean,
    default: false,
    help: 'Whether browsers are refused that come from a page of another origin, those of the apps excepted.',
  }),
}
