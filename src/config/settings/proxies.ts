import { boolean } from '../types/boolean.ts'
import { unlimited } from '../types/integer.ts'
import { type TrustedProxies, trustedProxies } from '../types/lists.ts'
import { optional, setting } from './setting.ts'

/** What stands in front of the listener of `block`, `''` or the name of a block with a dot behind it. */
export function proxySettings(block: string) {
  return {
    proxyProtocol: setting({
      key: `${block}proxy_protocol`,
      type: boolean,
      default: false,
      help: 'Whether trusted proxies begin each connection with a PROXY protocol header, version 1 or 2.',
    }),
    trustedProxies: optional<TrustedProxies>({
      key: `${block}trusted_proxies`,
      type: trustedProxies,
      defaultText: block === '' ? '`none`; with `proxy_protocol` `all`, as in nats-server' : '`none`',
      help: 'Proxies that are believed when they say where a client comes from: those with a local address, all, or the listed ones.',
    }),
    maxConnectionsPerAddress: setting({
      key: `${block}max_connections_per_address`,
      type: unlimited({ max: 2 ** 31 - 1 }),
      default: 0,
      help: 'Connections from one address at the same time. 0: unlimited.',
    }),
  }
}
