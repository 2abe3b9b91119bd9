import { userInfo } from 'node:os'

/** Where a PostgreSQL database is and how to get in, as its URL says. */
export interface PostgresAddress {
  /** A name, an IP address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** `undefined`: the driver looks for one as libpq does (`PGPASSWORD`). */
  readonly password: string | undefined
  readonly sslMode: SslMode
  /** PEM files. */
  readonly sslRootCert: string | undefined
  readonly sslCert: string | undefined
  readonly sslKey: string | undefined
  readonly applicationName: string
  /** Command-line options for the server: `-c search_path=vault`. */
  readonly options: string | undefined
}

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

/** Options in the query of a URL, by libpq's names. */
const OPTIONS = [
  'host',
  'port',
  'dbname',
  'user',
  'password',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'application_name',
  'options',
] as const
type Option = (typeof OPTIONS)[number]

/**
 * Reads a URL as libpq does, `postgresql://user:password@host:port/database?option=value`. Throws an Error whose message,
 * to follow the name of the setting, says what is wrong without showing any of it: it may hold a password.
 */
export function parsePostgresUrl(url: string): PostgresAddress {
  const parts = /^postgres(?:ql)?:\/\/(?:([^/?#@]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(url)
  if (parts === null) {
    throw new Error('must be a URL such as postgresql://user:password@host:5432/database, special characters as %XX')
  }
  const [, login = '', place = '', path = '', query = ''] = parts
  if (place.includes(',')) throw new Error('several hosts are not supported; name one')
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(place) ?? []
  const separator = login.indexOf(':')
  const [user, password] = separator < 0 ? [login, ''] : [login.slice(0, separator), login.slice(separator + 1)]
  const given: Partial<Record<Option, string>> = {
    user: decoded(user),
    password: decoded(password),
    host: decoded(host.replace(/^\[(.*)\]$/, '$1')),
    port: decoded(port),
    dbname: decoded(path),
    ...readQuery(query),
  }
  const value = (name: Option) => given[name] || undefined
  if (value('host')?.includes(',')) throw new Error('several hosts are not supported; name one')
  const sslRootCert = value('sslrootcert')
  const account = value('user') ?? ownName()
  return {
    host: value('host') ?? 'localhost',
    port: readPort(value('port') ?? '5432'),
    database: value('dbname') ?? account,
    user: account,
    password: value('password'),
    sslMode: readSslMode(value('sslmode'), sslRootCert),
    // libpq's word for the authorities that the system trusts.
    sslRootCert: sslRootCert === 'system' ? undefined : sslRootCert,
    sslCert: value('sslcert'),
    sslKey: value('sslkey'),
    applicationName: value('application_name') ?? 'belfry',
    options: value('options'),
  }
}

function readQuery(query: string): Partial<Record<Option, string>> {
  const given: Partial<Record<Option, string>> = {}
  for (const pair of query.split('&').filter((pair) => pair !== '')) {
    const separator = pair.indexOf('=')
    const name = decoded(separator < 0 ? pair : pair.slice(0, separator))
    const option = OPTIONS.find((option) => option === name)
    // Not even the name is shown: it may be a part of a password with an unescaped "?".
    if (separator < 0 || option === undefined) {
      throw new Error(`has an option that is not supported after the "?"; there are ${OPTIONS.join(', ')}`)
    }
    // libpq decodes %XX alone: a plus sign is a plus sign.
    given[option] = decoded(pair.slice(separator + 1))
  }
  return given
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('has a "%" that no two hex digits follow, or they are no UTF-8; "%" itself is %25')
  }
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new Error('must have a port from 1 to 65535; ":" in a password is %3A')
  return port
}

function readSslMode(text: string | undefined, rootCert: string | undefined): SslMode {
  const mode = text === undefined ? 'prefer' : SSL_MODES.find((mode) => mode === text)
  if (mode === undefined) throw new Error(`must have an sslmode of ${SSL_MODES.join(', ')}`)
  // As libpq: who names an authority wants it asked.
  return mode === 'require' && rootCert !== undefined ? 'verify-ca' : mode
}

/** Who runs this process: with "peer" authentication that is also who they are at the database. */
function ownName(): string {
  try {
    return userInfo().username
  } catch {
    throw new Error('must name a user: this process runs as one that has no name')
  }
}

/** For messages: host, port and database, and nothing secret. */
export function describeAddress({ host, port, database }: PostgresAddress): string {
  return `"${database}" at ${host.includes(':') ? `[${host}]` : host}:${port}`
}
