import { port } from '../types/address.ts'
import { boolean } from '../types/boolean.ts'
import { handshakeTimeout } from '../types/duration.ts'
import { origins } from '../types/lists.ts'
import { host } from '../types/text.ts'
import { tlsFiles } from '../types/tls-files.ts'
import { optional, setting } from './setting.ts'

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
  tls: optional({
    key: 'websocket.tls',
    type: tlsFiles,
    defaultText: 'none',
    help: 'Certificate and key. Needed unless `no_tls` is set.',
  }),
  noTls: setting({
    key: 'websocket.no_tls',
    type: boolean,
    default: false,
    help: 'Serves plain `ws://`. Not asked when there is `tls`.',
  }),
  handshakeTimeoutMs: setting({
    key: 'websocket.handshake_timeout',
    type: handshakeTimeout({ minMs: 0, maxMs: 2 ** 31 - 1 }),
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
    help: 'Origins of pages from which browsers may connect. Empty: any.',
  }),
}
