import { port } from '../types/address.ts'
import { boolean } from '../types/boolean.ts'
import { writeTimeout } from '../types/choices.ts'
import { duration, strictDuration } from '../types/duration.ts'
import { bytes, integer, subjectTokens, unlimited } from '../types/integer.ts'
import { serverTags } from '../types/lists.ts'
import { zeroIsNone } from '../types/setting-type.ts'
import { host, plainText, serverName } from '../types/text.ts'
import { tls } from '../types/tls.ts'
import { authorizationSettings } from './authorization.ts'
import { operatorSettings } from './operators.ts'
import { proxySettings } from './proxies.ts'
import { optional, setting } from './setting.ts'
import { userSettings } from './users-and-accounts.ts'

const MAX_INT32 = 2 ** 31 - 1
const KIB = 1024
const MIB = 1024 * KIB
const MINUTE_MS = 60_000

export const natsSettings = {
  host: setting({
    key: 'host',
    aliases: ['net'],
    variable: 'BELFRY_NATS_HOST',
    type: host,
    default: '127.0.0.1',
    help: 'Address of the listener for NATS clients over TCP. (nats-server listens on all interfaces by default.)',
  }),
  port: setting({
    key: 'port',
    variable: 'BELFRY_NATS_PORT',
    type: port,
    default: 4222,
    help: 'Port of the listener for NATS clients over TCP.',
  }),
  serverName: optional({
    key: 'server_name',
    type: serverName,
    defaultText: 'the id of the server',
    help: 'Name that the server tells its clients.',
  }),
  serverTags: setting({
    key: 'server_tags',
    type: serverTags,
    default: [],
    help: 'Words about the server, for monitoring, for events of the system account and for auth callouts.',
  }),
  maxPayloadBytes: setting({
    key: 'max_payload',
    type: zeroIsNone(bytes({ min: 1, max: MAX_INT32 })),
    default: MIB,
    help: 'Largest message, headers included. Not more than `max_pending`.',
  }),
  maxPendingBytes: setting({
    key: 'max_pending',
    type: zeroIsNone(bytes({ min: 1, max: Number.MAX_SAFE_INTEGER })),
    default: 64 * MIB,
    help: 'What may wait to be sent to one client before it is cut off as a slow consumer.',
  }),
  maxControlLineBytes: setting({
    key: 'max_control_line',
    type: zeroIsNone(bytes({ min: 512, max: MIB })),
    default: 4 * KIB,
    help: 'Longest protocol line of a client, without the payload.',
  }),
  maxConnections: setting({
    key: 'max_connections',
    aliases: ['max_conn'],
    type: integer({ min: 0, max: MAX_INT32 }),
    default: 65_536,
    help: 'NATS clients connected at the same time, over TCP and WebSocket together; connections to a `websocket` port count before they upgrade, too. 0 refuses all.',
  }),
  maxSubscriptions: setting({
    key: 'max_subscriptions',
    aliases: ['max_subs'],
    type: unlimited({ max: MAX_INT32 }),
    default: 0,
    help: 'Subscriptions of one connection. 0: unlimited, so that one client can fill the memory of the server; set it where clients are not trusted.',
  }),
  maxSubscriptionTokens: setting({
    key: 'max_subscription_tokens',
    aliases: ['max_sub_tokens'],
    type: subjectTokens,
    default: 0,
    defaultText: 'unlimited',
    help: 'Tokens that the subject of a subscription may have.',
  }),
  maxClosedClients: setting({
    key: 'max_closed_clients',
    type: zeroIsNone(integer({ min: 0, max: 1_000_000 })),
    default: 10_000,
    help: 'How many closed connections monitoring remembers.',
  }),
  pingIntervalMs: setting({
    key: 'ping_interval',
    type: zeroIsNone(duration({ minMs: 1, maxMs: MAX_INT32 })),
    default: 2 * MINUTE_MS,
    defaultText: '`"2m"`',
    help: 'How often a quiet client is asked whether it is still there.',
  }),
  pingMax: setting({
    key: 'ping_max',
    type: zeroIsNone(integer({ min: 1, max: MAX_INT32 })),
    default: 2,
    help: 'Unanswered pings after which a connection counts as dead.',
  }),
  writeDeadlineMs: setting({
    key: 'write_deadline',
    type: zeroIsNone(duration({ minMs: 1, maxMs: MAX_INT32 })),
    default: 10_000,
    defaultText: '`"10s"`',
    help: 'How long a client may take no bytes at all before it is cut off as a slow consumer.',
  }),
  writeTimeoutPolicy: setting<'close' | 'retry'>({
    key: 'write_timeout',
    type: writeTimeout,
    default: 'close',
    help: 'What becomes of a client after `write_deadline`: `close` ends the connection, `retry` goes on trying.',
  }),
  clientAdvertise: optional({
    key: 'client_advertise',
    type: plainText('`"host"` or `"host:port"`'),
    defaultText: 'none',
    help: 'Where clients are told to connect, when that is not where the server listens.',
  }),
  noHeaderSupport: setting({
    key: 'no_header_support',
    type: boolean,
    default: false,
    help: 'Whether messages with headers are refused.',
  }),
  noFastProducerStall: setting({
    key: 'no_fast_producer_stall',
    type: boolean,
    default: false,
    help: 'Whether who publishes faster than others read is not slowed down.',
  }),
  lameDuckDurationMs: setting({
    key: 'lame_duck_duration',
    type: strictDuration(
      { minMs: 30_000, maxMs: MAX_INT32 },
      (found) => `invalid lame_duck_duration of ${found}, minimum is 30 seconds`,
    ),
    default: 2 * MINUTE_MS,
    defaultText: '`"2m"`',
    help: 'Over how long a server that is to end lets go of its clients.',
  }),
  lameDuckGraceMs: setting({
    key: 'lame_duck_grace_period',
    type: zeroIsNone(
      strictDuration({ minMs: 0, maxMs: MAX_INT32 }, () => 'invalid lame_duck_grace_period, needs to be positive'),
    ),
    default: 10_000,
    defaultText: '`"10s"`',
    help: 'How long of that it only tells them. Less than `lame_duck_duration`.',
  }),
  tls: optional({
    key: 'tls',
    type: tls,
    defaultText: 'none: plain TCP',
    help: 'TLS of the listener for NATS clients over TCP, and of monitoring over HTTPS.',
  }),
  allowNonTls: setting({
    key: 'allow_non_tls',
    type: boolean,
    default: false,
    help: 'Whether clients may go on without TLS although there is `tls`.',
  }),
  ...authorizationSettings('', { of: 'of NATS clients', warnAboveMs: MINUTE_MS }),
  ...userSettings,
  ...operatorSettings,
  ...proxySettings(''),
}
