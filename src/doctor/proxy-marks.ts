import type { Arrival } from '#net'
import type { Answer } from './ask.ts'
import type { ProxyName } from './report.ts'

/** By what they call themselves in `Server` and `Via`. */
const NAMES: readonly (readonly [pattern: RegExp, proxy: ProxyName])[] = [
  [/cloudflare/i, 'cloudflare'],
  [/\b(?:nginx|openresty|tengine)\b/i, 'nginx'],
  [/\bapache\b/i, 'apache'],
  [/\bcaddy\b/i, 'caddy'],
  [/\bhaproxy\b/i, 'haproxy'],
  [/\btraefik\b/i, 'traefik'],
  [/\benvoy\b/i, 'envoy'],
  [/\blighttpd\b/i, 'lighttpd'],
]

/** By the pages that they answer with themselves. */
const PAGES: readonly (readonly [pattern: RegExp, proxy: ProxyName])[] = [
  [/<center>(?:nginx|openresty)/i, 'nginx'],
  [/<address>Apache|The proxy server (?:received an invalid|could not handle)|Apache Server at/i, 'apache'],
  [
    /<h1>\d{3} [\w -]+<\/h1>\s*(?:No server is available|The server didn't respond|Your browser sent|You need a valid user|Request forbidden by)/i,
    'haproxy',
  ],
  [/cloudflare/i, 'cloudflare'],
]

/** What is known of the proxy on the way, by what it writes on answers and requests. */
export class ProxyMarks {
  #named: ProxyName | undefined
  #guessed: ProxyName | undefined
  #hasForwarded = false

  /** The outermost that said who it is, else what the marks look like. */
  get proxy(): ProxyName | undefined {
    return this.#named ?? this.#guessed
  }

  /** Whether anything showed that there is one. */
  get isThere(): boolean {
    return this.proxy !== undefined || this.#hasForwarded
  }

  noteAnswer({ status, headers, body, namesAreLowerCase }: Answer): void {
    if (headers['cf-ray'] !== undefined) this.#named = 'cloudflare'
    const said = [headers.server, headers.via].flat().join(' ')
    this.#named ??= NAMES.find(([pattern]) => pattern.test(said))?.[1]
    if (status >= 400) this.#guessed ??= PAGES.find(([pattern]) => pattern.test(body))?.[1]
    // Node writes `Date`, and all others keep it: only these write every name in lower case.
    if (namesAreLowerCase && 'date' in headers) this.#guessed ??= 'haproxy'
  }

  noteArrival({ headers, namesAreLowerCase }: Arrival): void {
    const names = Object.keys(headers)
    this.#hasForwarded ||= names.some((name) => /^(?:x-forwarded-|x-real-ip$|forwarded$|via$)/.test(name))
    this.#named ??= NAMES.find(([pattern]) => pattern.test(headers.via ?? ''))?.[1]
    if (headers['x-forwarded-server'] !== undefined) {
      // Traefik tells the port as well, Apache does not.
      this.#guessed ??= headers['x-forwarded-port'] === undefined ? 'apache' : 'traefik'
    }
    if (namesAreLowerCase) this.#guessed ??= 'haproxy'
  }
}
