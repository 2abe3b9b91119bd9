import { type MendTable, SERVER, without } from './mend-table.ts'

const IN_PROXY = 'in the { } of the reverse_proxy'

const toServer: NonNullable<MendTable['bad-gateway']> = () => ({
  where: 'in the site, in place of its reverse_proxy, what is in its { } stays; with the port of Belfry',
  lines: [`reverse_proxy ${SERVER}`],
})
const clientAddress: NonNullable<MendTable['client-address-hidden']> = ({ header }) => ({
  where: 'in the { } of every reverse_proxy, in place of other lines for that header',
  lines: [`header_up ${header} {remote_host}`],
})

/** https://caddyserver.com/docs/caddyfile/directives/reverse_proxy: upgrades are passed on by themselves. */
export const CADDY: MendTable = {
  'no-upgrade': () => ({
    where: `${IN_PROXY}, or in the site: Caddy passes it on, unless it is told not to`,
    lines: [without('header_up -Upgrade'), without('request_header -Upgrade')],
  }),
  'no-connection': () => ({
    where: `${IN_PROXY}, or in the site: Caddy passes it on, unless it is told not to`,
    lines: [without('header_up -Connection'), without('request_header -Connection')],
  }),
  'no-101': () => ({
    where: `${IN_PROXY}: Caddy passes 101 back, unless something else is answered instead, or answers are kept back`,
    lines: [without('handle_response'), without('buffer_responses'), without('response_buffers')],
  }),
  'bad-gateway': toServer,
  'hub-elsewhere': ({ path, ...context }) => ({
    where: `in the site: a block for ${path} alone goes, and the rest is for Belfry`,
    lines: [without(`handle ${path}`), ...toServer({ path, ...context }).lines],
  }),
  'wrong-path': () => ({
    where: 'in the site: "handle_path" becomes "handle", and what changes the path goes',
    lines: [without('uri strip_prefix'), without('rewrite')],
  }),
  'wrong-host': () => ({
    where: 'in the { } of every reverse_proxy, in place of other lines for that header',
    lines: ['header_up Host {hostport}'],
  }),
  'client-address-hidden': clientAddress,
  'client-address-forged': clientAddress,
  'proxy-login': () => ({
    where: 'in the site: apps cannot log in to Caddy',
    lines: [without('basicauth'), without('basic_auth'), without('forward_auth')],
  }),
  buffering: () => ({
    where: `${IN_PROXY} (response_buffers: Caddy 2.7 or newer)`,
    lines: [without('buffer_responses'), without('response_buffers')],
  }),
  'idle-timeout': () => ({
    where: `in "transport http { }" ${IN_PROXY}, in place of such lines; a "stream_timeout" of the reverse_proxy goes`,
    lines: [without('stream_timeout'), 'read_timeout 1h'],
  }),
  'certificate-incomplete': () => ({
    where: 'in the site: the file with the certificate first and those between it and its authority behind it',
    lines: ['tls /path/to/fullchain.pem /path/to/key.pem'],
  }),
}
