import type { IncomingMessage } from 'node:http'
import { type AdminSessions, checkPassword } from '#auth'

const COOKIE = 'BELFRY_ADMIN'

/** The admin pages are for whoever has the token; `undefined` for everybody who gets there (`DISABLE_ADMIN_TOKEN`). */
export type AdminAccess = { readonly token: string; readonly sessions: AdminSessions } | undefined

/** How a client came, seen through proxies that are trusted. */
export interface ReachedBy {
  readonly isTls: boolean
  /** As in a `Host` header. */
  readonly host: string
}

export interface AccessOptions {
  /** Path of the pages. */
  readonly path: string
  /** `DOMAIN`; undefined when it is not set. */
  readonly domain: string | undefined
  readonly reachedBy: (request: IncomingMessage) => ReachedBy
}

/** Why somebody may not do something. */
export interface Objection {
  readonly status: number
  readonly message: string
}

/** Who may do something, and how browsers are told to remember it. */
export class Access {
  readonly #access: AdminAccess
  readonly #path: string
  readonly #domain: URL | undefined
  readonly #reachedBy: AccessOptions['reachedBy']

  constructor(access: AdminAccess, { path, domain, reachedBy }: AccessOptions) {
    this.#access = access
    this.#path = path
    this.#domain = domain === undefined ? undefined : new URL(domain)
    this.#reachedBy = reachedBy
  }

  /** Whether anybody has to log in. */
  get asksForToken(): boolean {
    return this.#access !== undefined
  }

  /** `undefined` for somebody who has logged in, or need not. */
  async objectionTo(request: IncomingMessage): Promise<Objection | undefined> {
    if (this.#access === undefined) return this.#objectionToStranger(request)
    const session = cookieOf(request)
    const isIn = session !== undefined && (await this.#access.sessions.isGood(session))
    return isIn ? undefined : { status: 401, message: 'Log in first' }
  }

  /** The page of a name that somebody else has pointed at this machine (DNS rebinding) may not do what its visitors may. */
  #objectionToStranger(request: IncomingMessage): Objection | undefined {
    if (this.#domain === undefined || this.#isDomain(this.#reachedBy(request).host)) return undefined
    return {
      status: 403,
      message: `Without a token the admin pages are at the address in DOMAIN only: ${this.#domain.href}`,
    }
  }

  /** With the default port as without it: some proxies write it. */
  #isDomain(host: string): boolean {
    const domain = this.#domain
    return host.toLowerCase().replace(domain?.protocol === 'https:' ? /:443$/ : /:80$/, '') === domain?.host
  }

  /** The `Set-Cookie` of a new session; `undefined` when that is not the token. White space around it is ignored. */
  async logIn(token: string, request: IncomingMessage): Promise<string | undefined> {
    if (this.#access === undefined) return undefined
    const { token: right, sessions } = this.#access
    if (!(await checkPassword(right.trim(), token.trim()))) return undefined
    return this.#cookie(await sessions.begin(), sessions.lifetimeSeconds, request)
  }

  /** The `Set-Cookie` that ends a session. */
  logOut(request: IncomingMessage): string {
    return this.#cookie('', 0, request)
  }

  /**
   * RFC 6265bis: it goes to no path but ours, over TLS if the client came by it; no script reads it, and no request that
   * another site begins carries it.
   */
  #cookie(value: string, maxAgeSeconds: number, request: IncomingMessage): string {
    const { isTls, host } = this.#reachedBy(request)
    // Not every proxy says so.
    const isSecure = isTls || (this.#domain?.protocol === 'https:' && this.#isDomain(host))
    const parts = [
      `${COOKIE}=${value}`,
      `Path=${this.#path}`,
      `Max-Age=${maxAgeSeconds}`,
      'HttpOnly',
      'SameSite=Strict',
    ]
    return (isSecure ? [...parts, 'Secure'] : parts).join('; ')
  }
}

function cookieOf({ headers }: IncomingMessage): string | undefined {
  for (const pair of headers.cookie?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === COOKIE) return value
  }
  return undefined
}
