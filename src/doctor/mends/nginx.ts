import { type MendContext, type MendTable, SERVER, without } from './mend-table.ts'

const inLocation = ({ path }: MendContext) => `in the "location" that serves ${path}`

const UPGRADE = [
  'proxy_http_version 1.1;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection "upgrade";',
]
const upgrade: NonNullable<MendTable['no-upgrade']> = (context) => ({
  where: `${inLocation(context)}; headers set further out no longer hold where a location sets any`,
  lines: UPGRADE,
})
const clientAddress: NonNullable<MendTable['client-address-hidden']> = ({ header }) => ({
  where: 'in every "location" that has a proxy_pass, in place of other lines for that header',
  lines: [`proxy_set_header ${header} $remote_addr;`],
})
const toServer: NonNullable<MendTable['hub-elsewhere']> = (context) => ({
  where: `${inLocation(context)}, in place of its proxy_pass; with the port of Belfry, and no path behind it`,
  lines: [`proxy_pass http://${SERVER};`],
})

/** https://nginx.org/en/docs/http/ngx_http_proxy_module.html */
export const NGINX: MendTable = {
  'no-upgrade': upgrade,
  'no-connection': upgrade,
  'http-1.0': upgrade,
  'no-101': upgrade,
  'websocket-headers-lost': (context) => ({
    where: `${inLocation(context)}, in place of lines that say otherwise`,
    lines: [
      'proxy_set_header Sec-WebSocket-Key $http_sec_websocket_key;',
      'proxy_set_header Sec-WebSocket-Version $http_sec_websocket_version;',
    ],
  }),
  'wrong-host': () => ({
    where: 'in every "location" that has a proxy_pass, in place of other lines for that header',
    lines: ['proxy_set_header Host $http_host;'],
  }),
  'wrong-scheme': () => ({
    where: 'in every "location" that has a proxy_pass',
    lines: ['proxy_set_header X-Forwarded-Proto $scheme;'],
  }),
  'client-address-hidden': clientAddress,
  'client-address-forged': ({ header }) => ({
    where:
      'beside every proxy_pass, in place of other lines for that header; set_real_ip_from is for proxies of your own',
    lines: [
      without('set_real_ip_from 0.0.0.0/0'),
      without('set_real_ip_from ::/0'),
      `proxy_set_header ${header} $remote_addr;`,
    ],
  }),
  buffering: (context) => ({
    where: inLocation(context),
    lines: [
      without('proxy_ignore_headers X-Accel-Buffering'),
      // By HTTP/1.0, and when it compresses, nginx waits for a full buffer.
      'proxy_http_version 1.1;',
      'proxy_buffering off;',
      'gzip off;',
    ],
  }),
  'silent-websocket': (context) => ({ where: inLocation(context), lines: UPGRADE }),
  'idle-timeout': (context) => ({
    where: `${inLocation(context)}, in place of other such lines`,
    lines: ['proxy_read_timeout 1h;', 'proxy_send_timeout 1h;'],
  }),
  'proxy-login': (context) => ({
    where: `${inLocation(context)}, in place of other such lines: apps cannot log in to nginx`,
    lines: ['auth_basic off;', 'auth_request off;', 'allow all;'],
  }),
  'bad-gateway': toServer,
  'hub-elsewhere': toServer,
  'wrong-path': toServer,
  'certificate-incomplete': () => ({
    where: 'in the "server": the file with the certificate first and those between it and its authority behind it',
    lines: ['ssl_certificate /path/to/fullchain.pem;'],
  }),
}
