import { compression } from '../leafnodes/compression.ts'
import { waitingTime } from '../leafnodes/durations.ts'
import { minVersion } from '../leafnodes/min-version.ts'
import { remotes } from '../leafnodes/remotes.ts'
import { leafNkey, leafUsers } from '../leafnodes/users.ts'
import { port } from '../types/address.ts'
import { boolean } from '../types/boolean.ts'
import { linkWriteTimeout } from '../types/choices.ts'
import { secondsOrDuration } from '../types/duration.ts'
import { secret } from '../types/secret.ts'
import { host, plainText } from '../types/text.ts'
import { tls } from '../types/tls.ts'
import { optional, setting } from './setting.ts'

const MAX_INT32 = 2 ** 31 - 1

/** Servers that come in, and those that this one connects to. (spec: nats §5.6) */
export const leafnodesSettings = {
  host: setting({
    key: 'leafnodes.host',
    aliases: ['leafnodes.net'],
    type: host,
    default: '0.0.0.0',
    help: 'Address of the listener for leaf nodes.',
  }),
  port: optional({
    key: 'leafnodes.port',
    type: port,
    defaultText: 'none: the listener is off',
    help: 'Port of the listener for leaf nodes, usually 7422.',
  }),
  advertise: optional({
    key: 'leafnodes.advertise',
    aliases: ['leafnodes.leafnode_advertise'],
    type: plainText('`"host"` or `"host:port"`'),
    defaultText: 'none',
    help: 'Where other servers are told to connect, when that is not where this one listens.',
  }),
  noAdvertise: setting({
    key: 'leafnodes.no_advertise',
    type: boolean,
    default: false,
    help: 'No effect: there are no other servers of ours that would tell of this one.',
  }),
  tls: optional({
    key: 'leafnodes.tls',
    type: tls,
    defaultText: 'none',
    help: 'TLS of the listener.',
  }),
  minVersion: optional({
    key: 'leafnodes.min_version',
    aliases: ['leafnodes.minimum_version'],
    type: minVersion,
    defaultText: 'any',
    help: 'The oldest version of a server that is let in.',
  }),
  isolatesInterest: setting({
    key: 'leafnodes.isolate_leafnode_interest',
    aliases: ['leafnodes.isolate'],
    type: boolean,
    default: false,
    help: 'Whether leaf nodes hear nothing of what other leaf nodes subscribe to.',
  }),
  remotes: optional({
    key: 'leafnodes.remotes',
    type: remotes,
    defaultText: 'none',
    help: 'The servers that this one connects to.',
  }),
  reconnectMs: setting({
    key: 'leafnodes.reconnect',
    aliases: ['leafnodes.reconnect_delay', 'leafnodes.reconnect_interval'],
    type: waitingTime({ called: 'reconnect' }),
    default: 1_000,
    defaultText: '`"1s"`',
    help: 'How long after the end of a link it is made anew.',
  }),
  dialTimeoutMs: setting({
    key: 'leafnodes.dial_timeout',
    type: waitingTime(),
    default: 1_000,
    defaultText: '`"1s"`',
    help: 'How long a server may take to accept a connection, unless its remote says otherwise.',
  }),
  compression: optional({
    key: 'leafnodes.compression',
    type: compression,
    defaultText: 'none',
    help: 'Links are not compressed, except by WebSocket itself. A mode that asks for it is warned of.',
  }),
  writeDeadlineMs: optional({
    key: 'leafnodes.write_deadline',
    type: waitingTime(),
    defaultText: '`write_deadline` of the top level',
    help: 'How long a server may take nothing of what is sent to it.',
  }),
  writeTimeoutPolicy: setting<'close' | 'retry'>({
    key: 'leafnodes.write_timeout',
    type: linkWriteTimeout,
    default: 'retry',
    defaultText: '`"default"`, which is `"retry"`',
    help: 'What then becomes of the link.',
  }),
  user: optional({
    key: 'leafnodes.authorization.user',
    aliases: ['leafnodes.authorization.username'],
    type: plainText('text'),
    defaultText: 'none',
    help: 'The only user by which leaf nodes may come in.',
  }),
  password: optional({
    key: 'leafnodes.authorization.password',
    aliases: ['leafnodes.authorization.pass'],
    type: secret('text'),
    defaultText: 'none',
    help: 'Password of `user`, or a hash of it: bcrypt, or argon2.',
  }),
  nkey: optional({
    key: 'leafnodes.authorization.nkey',
    type: leafNkey,
    defaultText: 'none',
    help: 'The only nkey by which leaf nodes may come in, instead of `user`.',
  }),
  account: optional({
    key: 'leafnodes.authorization.account',
    type: plainText('name of an account'),
    defaultText: '`$G`',
    help: 'The account of `user` or `nkey`; also of everybody, where nobody needs to log in.',
  }),
  users: optional({
    key: 'leafnodes.authorization.users',
    type: leafUsers,
    defaultText: 'none',
    help: 'Several users, each with an account (default: `$G`), instead of `user` and `nkey`.',
  }),
  authTimeoutMs: optional({
    key: 'leafnodes.authorization.timeout',
    type: secondsOrDuration(
      { minMs: 0, maxMs: MAX_INT32 },
      { what: 'leafnode authorization config', warnAboveMs: 60_000 },
    ),
    defaultText: '2 seconds, or one more than a TLS handshake may take',
    help: 'How long a leaf node may take to log in.',
  }),
}
