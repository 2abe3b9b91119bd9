import type { FaultId } from '../faults.ts'
import type { Mend, ProxyName } from '../report.ts'
import { APACHE } from './apache.ts'
import { CADDY } from './caddy.ts'
import { HAPROXY } from './haproxy.ts'
import type { MendTable } from './mend-table.ts'
import { NGINX } from './nginx.ts'
import { CLOUDFLARE, ENVOY, LIGHTTPD, TRAEFIK } from './others.ts'

const TABLES: Record<ProxyName, MendTable> = {
  nginx: NGINX,
  apache: APACHE,
  caddy: CADDY,
  haproxy: HAPROXY,
  traefik: TRAEFIK,
  cloudflare: CLOUDFLARE,
  envoy: ENVOY,
  lighttpd: LIGHTTPD,
}

export interface MendAbout {
  /** Below `basePath`. */
  readonly path?: string | undefined
  /** Where the server is, without a slash at its end. */
  readonly basePath?: string | undefined
  readonly header?: string | null | undefined
}

/** The lines that take a fault away; of a proxy that nothing told those for nginx, as an example. */
export function mendFor(fault: FaultId, proxy: ProxyName | undefined, about: MendAbout = {}): Mend | undefined {
  const { path = '/notifications/hub', basePath = '', header } = about
  const context = { path: basePath + path, basePath, header: header ?? 'X-Real-IP' }
  const mend = TABLES[proxy ?? 'nginx'][fault]?.(context)
  return mend && { proxy: proxy ?? 'nginx', ...mend }
}
