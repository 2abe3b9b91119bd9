import { type MendTable, SERVER, without } from './mend-table.ts'

const upgrade: NonNullable<MendTable['no-upgrade']> = ({ basePath }) => ({
  where: `in the <VirtualHost>, in place of its ProxyPass for ${basePath}/ (Apache 2.4.47 or newer)`,
  lines: [`ProxyPass ${basePath}/ http://${SERVER}${basePath}/ upgrade=websocket`],
})
const clientAddress: NonNullable<MendTable['client-address-hidden']> = ({ header }) => ({
  where: 'in the <VirtualHost>, in place of other lines for that header (a2enmod headers)',
  lines: [`RequestHeader set ${header} "expr=%{REMOTE_ADDR}"`],
})

/** https://httpd.apache.org/docs/2.4/mod/mod_proxy.html */
export const APACHE: MendTable = {
  'no-upgrade': upgrade,
  'no-connection': upgrade,
  'no-101': upgrade,
  'silent-websocket': upgrade,
  'bad-gateway': upgrade,
  'hub-elsewhere': ({ path }) => ({
    where: `in the <VirtualHost>, in place of the ProxyPass or RewriteRule for ${path}`,
    lines: [`ProxyPass ${path} http://${SERVER}${path} upgrade=websocket`],
  }),
  'wrong-path': upgrade,
  'http-1.0': () => ({
    where: 'in the <VirtualHost>, or wherever the variable is set',
    lines: [without('force-proxy-request-1.0')],
  }),
  'wrong-host': () => ({ where: 'in the <VirtualHost>', lines: ['ProxyPreserveHost On'] }),
  'wrong-scheme': () => ({
    where: 'in the <VirtualHost> (a2enmod headers)',
    lines: ['RequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"'],
  }),
  'client-address-hidden': clientAddress,
  'client-address-forged': clientAddress,
  // mod_buffer and mod_deflate pass on what there is; ModSecurity is known to wait for the end.
  buffering: () => ({
    where: 'in the <VirtualHost>, if there is ModSecurity (its SecResponseBodyAccess keeps answers back)',
    lines: ['SecResponseBodyAccess Off'],
  }),
  'idle-timeout': () => ({
    where: 'in the <VirtualHost>: the longer of this and Timeout holds; "timeout=" of its ProxyPass goes',
    lines: ['ProxyTimeout 3600'],
  }),
  'proxy-login': () => ({
    where: 'in the <Location> that asks for it: apps cannot log in to Apache',
    lines: ['AuthType None', 'Require all granted'],
  }),
  'certificate-incomplete': () => ({
    where: 'in the <VirtualHost>: the file with the certificate first and those between it and its authority behind it',
    lines: ['SSLCertificateFile /path/to/fullchain.pem'],
  }),
}
