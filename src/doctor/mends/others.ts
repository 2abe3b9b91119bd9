import { type MendTable, SERVER } from './mend-table.ts'

/** In the dynamic configuration (a file provider): upgrades are passed on by themselves. */
export const TRAEFIK: MendTable = {
  'bad-gateway': () => ({
    where: 'in http.services.belfry.loadBalancer.servers of the dynamic configuration',
    lines: [`- url: "http://${SERVER}"`],
  }),
  'proxy-login': () => ({
    where: 'in http.routers.belfry: no basicAuth or forwardAuth among its middlewares, which apps cannot answer',
    lines: ['middlewares: []'],
  }),
  buffering: () => ({
    where: 'in http.routers.belfry: no "buffering" among its middlewares',
    lines: ['middlewares: []'],
  }),
  'wrong-host': () => ({
    where: 'in http.services.belfry.loadBalancer of the dynamic configuration',
    lines: ['passHostHeader: true'],
  }),
}

const WEBSOCKETS = () => ({ where: 'in the dashboard of the domain', lines: ['Network > WebSockets: On'] })

export const CLOUDFLARE: MendTable = {
  'no-upgrade': WEBSOCKETS,
  'no-connection': WEBSOCKETS,
  'no-101': WEBSOCKETS,
  'redirect-loop': () => ({
    where: 'in the dashboard of the domain: with "Flexible" the server is asked by http://, and redirects',
    lines: ['SSL/TLS > Overview > Configure: Full (strict)'],
  }),
  'proxy-login': () => ({
    where: 'in the dashboard of Zero Trust: an Access policy that lets the paths of the server through',
    lines: ['Action: Bypass', 'Include: Everyone'],
  }),
}

export const LIGHTTPD: MendTable = {
  'no-upgrade': () => ({
    where: 'in the block with proxy.server',
    lines: ['proxy.header += ( "upgrade" => "enable" )'],
  }),
  'no-connection': () => ({
    where: 'in the block with proxy.server',
    lines: ['proxy.header += ( "upgrade" => "enable" )'],
  }),
}

/** In the route configuration of the HTTP connection manager. */
export const ENVOY: MendTable = {
  'no-upgrade': () => ({
    where: 'in the http_connection_manager',
    lines: ['upgrade_configs: [{ upgrade_type: websocket }]'],
  }),
  'no-101': () => ({
    where: 'in the http_connection_manager',
    lines: ['upgrade_configs: [{ upgrade_type: websocket }]'],
  }),
  'idle-timeout': () => ({ where: 'in the route of the server', lines: ['idle_timeout: 3600s'] }),
}
