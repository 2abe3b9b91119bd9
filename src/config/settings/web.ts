import { addressOrOff, type HostAndPort, port } from '../types/address.ts'
import { boolean } from '../types/boolean.ts'
import { type NatsAccess, natsAccess } from '../types/choices.ts'
import { type TrustedProxies, trustedProxies } from '../types/lists.ts'
import { connectSources, frameAncestors } from '../types/policy-sources.ts'
import { headerName, host, path } from '../types/text.ts'
import { tlsFiles } from '../types/tls-files.ts'
import { optional, setting } from './setting.ts'

export const LOCAL_HTTPS: HostAndPort = { host: '127.0.0.1', port: 8443 }

export const webSettings = {
  host: setting({
    key: 'web.host',
    aliases: ['web.net'],
    variable: 'ROCKET_ADDRESS',
    type: host,
    default: '127.0.0.1',
    help: 'Address of the web listener: web vault, API, notification hub.',
  }),
  port: setting({
    key: 'web.port',
    variable: 'ROCKET_PORT',
    type: port,
    default: 8000,
    help: 'Port of the web listener.',
  }),
  tls: optional({
    key: 'web.tls',
    variable: 'ROCKET_TLS',
    type: tlsFiles,
    defaultText: 'none: plain HTTP',
    help: 'Certificate and key of the web listener, which then speaks HTTPS only.',
  }),
  https: optional<HostAndPort | false>({
    key: 'web.https',
    variable: 'BELFRY_HTTPS',
    type: addressOrOff(LOCAL_HTTPS),
    defaultText: '`"127.0.0.1:8443"`; off when the web listener has `tls`',
    help:
      'A second web listener, with a certificate from a small local authority that is made in the data folder. ' +
      'Official clients refuse plain HTTP. When its address is taken, Belfry only starts without it if nobody asked ' +
      'for it.',
  }),
  nats: setting<NatsAccess>({
    key: 'web.nats',
    type: natsAccess,
    default: 'off',
    defaultText: '`false`',
    help:
      'Who may use NATS over WebSocket at `/nats` on the web listener. `"local"` is for machines without a proxy in ' +
      'front: who comes through one that says nothing of where they come from looks like a program on this machine.',
  }),
  admitsVaultUsers: setting({
    key: 'web.vault_users',
    type: boolean,
    default: true,
    help:
      'Whether a user who is signed in to the vault may open a NATS connection over WebSocket with the access token, ' +
      'wherever such connections are served, and subscribe to `vault.user.<own id>.>`, which tells of changes, and ' +
      'nothing else.',
  }),
  answersProbes: setting({
    key: 'web.probe',
    variable: 'BELFRY_PROBE',
    type: boolean,
    default: true,
    help:
      'Whether requests with the header `Belfry-Probe`, as `belfry doctor` sends them, are told how they arrived. ' +
      '`false` holds for the ports of `websocket {}`, too.',
  }),
  servesHub: setting({
    key: 'vault.enable_websocket',
    variable: 'ENABLE_WEBSOCKET',
    type: boolean,
    default: true,
    help: 'Whether the notification hub is served, which tells devices of changes at once.',
  }),
  servesWebVault: setting({
    key: 'vault.web_vault_enabled',
    variable: 'WEB_VAULT_ENABLED',
    type: boolean,
    default: true,
    help: "Whether a web vault is served at `/`: Belfry's own, or the one in `web_vault_folder`.",
  }),
  webVaultFolder: optional({
    key: 'vault.web_vault_folder',
    variable: 'WEB_VAULT_FOLDER',
    type: path(),
    defaultText: "Belfry's own",
    help:
      "Folder of another built web vault, such as Vaultwarden's, with its `index.html`, in place of Belfry's own. What is " +
      'served is found out at the start: after an update of the folder, restart.',
  }),
  iframeAncestors: optional({
    key: 'vault.allowed_iframe_ancestors',
    variable: 'ALLOWED_IFRAME_ANCESTORS',
    type: frameAncestors,
    defaultText: 'none: our own pages, and the browser extensions in `web_vault_folder`',
    help:
      'Pages that may show the web vault in a frame, besides our own; that of `web_vault_folder` may be shown by the ' +
      'browser extensions, too.',
  }),
  connectSources: optional({
    key: 'vault.allowed_connect_src',
    variable: 'ALLOWED_CONNECT_SRC',
    type: connectSources,
    defaultText: 'none: this server, and services that the web vault knows by itself',
    help:
      'Servers that the web vault in `web_vault_folder` may ask besides this one, such as a mail alias service of your ' +
      "own. Belfry's own asks no other.",
  }),
  ipHeader: setting({
    key: 'vault.ip_header',
    variable: 'IP_HEADER',
    type: headerName,
    default: 'X-Real-IP',
    whenEmpty: 'none',
    help:
      'Header in which a trusted proxy names the address of the client: of several addresses the last that is no trusted ' +
      "proxy's. `none` (in the environment also an empty text) to believe no header.",
  }),
  ipHeaderTrustedProxies: setting<TrustedProxies>({
    key: 'vault.ip_header_trusted_proxies',
    variable: 'IP_HEADER_TRUSTED_PROXIES',
    type: trustedProxies,
    default: 'local',
    help: 'Proxies whose header is believed: those with a local address, all, or the listed ones.',
  }),
}
