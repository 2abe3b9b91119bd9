import { port } from '../types/address.ts'
import { host, urlPath } from '../types/text.ts'
import { optional, setting } from './setting.ts'

export const monitoringSettings = {
  host: optional({
    type: host,
    defaultText: '`host`',
    help: 'Address of the listener for monitoring. In the file `http` and `https` set it.',
  }),
  httpPort: optional({
    key: 'http_port',
    aliases: ['monitor_port'],
    type: port,
    defaultText: 'none',
    help: 'Port of the listener for monitoring over HTTP.',
  }),
  httpsPort: optional({
    key: 'https_port',
    type: port,
    defaultText: 'none',
    help: 'Port of the listener for monitoring over HTTPS, instead of HTTP. Needs `tls`.',
  }),
  basePath: setting({
    key: 'http_base_path',
    type: urlPath,
    default: '',
    defaultText: '`/`',
    help: 'What stands in front of the paths of monitoring.',
  }),
}
