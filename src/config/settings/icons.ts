import { boolean } from '../types/boolean.ts'
import { type RedirectCode, redirectCode } from '../types/choices.ts'
import { hostPattern } from '../types/host-pattern.ts'
import { iconService } from '../types/icon-service.ts'
import { integer } from '../types/integer.ts'
import { path } from '../types/text.ts'
import { optional, setting } from './setting.ts'

/** A year; what lies longer is as good as lying for good. */
const cacheTime = integer({ min: 0, max: 31_536_000, unit: 'seconds' })

/** Icons of web sites, and what else other servers are asked; a part of the settings of the vault. */
export const iconSettings = {
  iconService: setting({
    key: 'vault.icon_service',
    variable: 'ICON_SERVICE',
    type: iconService,
    default: 'internal',
    help: 'Who fetches the icons of web sites: this server, or a service to which clients are redirected. That learns what sites users have passwords for.',
  }),
  iconRedirectCode: setting<RedirectCode>({
    key: 'vault.icon_redirect_code',
    variable: 'ICON_REDIRECT_CODE',
    type: redirectCode,
    default: 302,
    help: 'HTTP status of that redirect. Clients remember 301 and 308.',
  }),
  iconCacheFolder: optional({
    key: 'vault.icon_cache_folder',
    variable: 'ICON_CACHE_FOLDER',
    type: path(),
    defaultText: '`<data_folder>/icon_cache`',
    help: 'Where icons lie.',
  }),
  iconCacheTtl: setting({
    key: 'vault.icon_cache_ttl',
    variable: 'ICON_CACHE_TTL',
    type: cacheTime,
    default: 2_592_000,
    help: 'How long an icon is kept. 0: for good.',
  }),
  iconCacheNegttl: setting({
    key: 'vault.icon_cache_negttl',
    variable: 'ICON_CACHE_NEGTTL',
    type: cacheTime,
    default: 259_200,
    help: 'How long it is remembered that a site has no icon. 0: for good.',
  }),
  iconDownloadTimeout: setting({
    key: 'vault.icon_download_timeout',
    variable: 'ICON_DOWNLOAD_TIMEOUT',
    type: integer({ min: 1, max: 600, unit: 'seconds' }),
    default: 10,
    help: 'How long a site may take to give its icon.',
  }),
  disableIconDownload: setting({
    key: 'vault.disable_icon_download',
    variable: 'DISABLE_ICON_DOWNLOAD',
    type: boolean,
    default: false,
    help: 'Whether only those icons are shown that have been fetched before.',
  }),
  httpRequestBlockRegex: optional({
    key: 'vault.http_request_block_regex',
    variable: 'HTTP_REQUEST_BLOCK_REGEX',
    type: hostPattern,
    defaultText: 'none',
    help: 'Hosts that this server never asks for anything on behalf of users: names and IP addresses.',
  }),
  iconBlacklistRegex: optional({
    key: 'vault.icon_blacklist_regex',
    variable: 'ICON_BLACKLIST_REGEX',
    type: hostPattern,
    defaultText: 'none',
    help: 'Old name of `http_request_block_regex`.',
  }),
  httpRequestBlockNonGlobalIps: optional({
    key: 'vault.http_request_block_non_global_ips',
    variable: 'HTTP_REQUEST_BLOCK_NON_GLOBAL_IPS',
    type: boolean,
    defaultText: '`true`',
    help: 'Whether it never asks hosts in private networks for anything on behalf of users.',
  }),
  iconBlacklistNonGlobalIps: optional({
    key: 'vault.icon_blacklist_non_global_ips',
    variable: 'ICON_BLACKLIST_NON_GLOBAL_IPS',
    type: boolean,
    defaultText: '`true`',
    help: 'Old name of `http_request_block_non_global_ips`.',
  }),
  dnsPreferIpv6: setting({
    key: 'vault.dns_prefer_ipv6',
    variable: 'DNS_PREFER_IPV6',
    type: boolean,
    default: false,
    help: 'Whether other servers are asked at their IPv6 address first.',
  }),
}
