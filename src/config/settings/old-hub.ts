import { port } from '../types/address.ts'
import { boolean } from '../types/boolean.ts'
import { host } from '../types/text.ts'
import { setting } from './setting.ts'

/** For reverse proxies that still have the rules of 2020: the hub on a port of its own. (`spec/hub.md` §7.2) */
export const oldHubSettings = {
  enabled: setting({
    key: 'vault.websocket_enabled',
    variable: 'WEBSOCKET_ENABLED',
    type: boolean,
    default: false,
    help: 'Serves the notification hub once more, on a port of its own, as proxy rules from before Vaultwarden 1.29 expect it.',
  }),
  host: setting({
    key: 'vault.websocket_address',
    variable: 'WEBSOCKET_ADDRESS',
    type: host,
    default: '0.0.0.0',
    help: 'Address of that listener.',
  }),
  port: setting({
    key: 'vault.websocket_port',
    variable: 'WEBSOCKET_PORT',
    type: port,
    default: 3012,
    help: 'Port of that listener.',
  }),
}
