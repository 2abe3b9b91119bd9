/**
 * Which page an address leads to: what stands behind `#/`, as in `#/vault/favorites` or `#/finish-signup/?token=…`. It stays
 * in the browser, so that one who opens a Send's link does not give its key to the server.
 */
export interface Route {
  readonly page: PageName
  /** What stands behind the page's name, decoded: `['favorites']`. */
  readonly path: readonly string[]
  readonly query: Readonly<Record<string, string>>
}

/** Everything that has an address; those after the line are also led to by letters, with parameters. */
export const PAGES = [
  /** `#/vault`, `#/vault/<filter>…` */
  'vault',
  /** `#/item/<id>`, `#/item/<id>/edit`, `#/item/new/<type>` */
  'item',
  'sends',
  'generator',
  /** `#/tools/import`, `#/tools/export` */
  'tools',
  /** `#/settings/<page>` */
  'settings',
  /** `#/send/<accessId>/<key>`: for whoever receives one, signed in or not. */
  'send',
  'login',
  'register',
  'hint',
  // ──
  'finish-signup',
  'verify-email',
  'recover-2fa',
  'recover-delete',
  'verify-recover-delete',
] as const

export type PageName = (typeof PAGES)[number] | 'not-found'

/** Pages of whoever is not signed in; whoever is, is sent on to the vault. */
export const SIGN_IN_PAGES: readonly PageName[] = ['login', 'register', 'hint', 'finish-signup', 'recover-2fa']

const HOME: Route = { page: 'vault', path: [], query: {} }

/** The route of `location.hash`. None at all is the vault. */
export function parseRoute(hash: string): Route {
  const [path = '', ...rest] = hash.replace(/^#\/?/, '').split('?')
  const query = Object.fromEntries(new URLSearchParams(rest.join('?')))
  const [name, ...segments] = path.split('/').filter((segment) => segment !== '')
  if (name === undefined) return { ...HOME, query }
  const page = PAGES.find((known) => known === name)
  const decoded = segments.map(decodedSegment)
  if (page === undefined || decoded.includes(undefined)) return { page: 'not-found', path: [], query: {} }
  return { page, path: decoded.filter((segment) => segment !== undefined), query }
}

/** The address of a page, for links: `#/vault/favorites`. */
export function hrefOf(page: PageName, ...path: readonly string[]): string {
  return `#/${[page, ...path].map(encodeURIComponent).join('/')}`
}

/** `undefined` for what is no UTF-8. */
function decodedSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
