import { port } from '../types/address.ts'
import { duration } from '../types/duration.ts'
import { bytes, integer } from '../types/integer.ts'
import { host, serverName } from '../types/text.ts'
import { optional, setting } from './setting.ts'

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
  maxPayloadBytes: setting({
    key: 'max_payload',
    type: bytes({ min: 1, max: MAX_INT32 }),
    default: MIB,
    help: 'Largest message, headers included. Not more than `max_pending`.',
  }),
  maxPendingBytes: setting({
    key: 'max_pending',
    type: bytes({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    default: 64 * MIB,
    help: 'What may wait to be sent to one client before it is cut off as a slow consumer.',
  }),
  maxControlLineBytes: setting({
    key: 'max_control_line',
    type: bytes({ min: 512, max: MIB }),
    default: 4 * KIB,
    help: 'Longest protocol line of a client, without the payload.',
  }),
  maxConnections: setting({
    key: 'max_connections',
    aliases: ['max_conn'],
    type: integer({ min: 0, max: MAX_INT32 }),
    default: 65_536,
    help: 'NATS clients connected at the same time, over TCP and WebSocket together. 0 refuses all.',
  }),
  maxSubscriptions: setting({
    key: 'max_subscriptions',
    aliases: ['max_subs'],
    type: integer({ min: 0, max: MAX_INT32 }),
    default: 0,
    help: 'Subscriptions of one connection. 0: unlimited.',
  }),
  pingIntervalMs: setting({
    key: 'ping_interval',
    type: duration({ minMs: 1, maxMs: MAX_INT32 }),
    default: 2 * MINUTE_MS,
    defaultText: '`"2m"`',
    help: 'How often a quiet client is asked whether it is still there.',
  }),
  pingMax: setting({
    key: 'ping_max',
    type: integer({ min: 1, max: MAX_INT32 }),
    default: 2,
    help: 'Unanswered pings after which a connection counts as dead.',
  }),
  writeDeadlineMs: setting({
    key: 'write_deadline',
    type: duration({ minMs: 1, maxMs: MAX_INT32 }),
    default: 10_000,
    defaultText: '`"10s"`',
    help: 'How long a client may take no bytes at all before it is cut off as a slow consumer.',
  }),
}
