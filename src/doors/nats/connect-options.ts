/** What a client said in CONNECT, with nats-server's defaults for what it left out. (`spec/nats.md` §2.3) */
export interface ConnectOptions {
  /** `+OK` after every operation. */
  readonly verbose: boolean
  /** Complaints about publish subjects that are none. */
  readonly pedantic: boolean
  /** Whether it gets its own messages back. */
  readonly echo: boolean
  readonly headers: boolean
  readonly noResponders: boolean
  /** 0, or 1: may receive INFO later. Others are refused. */
  readonly protocol: number
  readonly name: string
  readonly lang: string
  readonly version: string
  readonly user: string
  readonly password: string
  readonly token: string
  readonly jwt: string
  readonly nkey: string
  readonly signature: string
  /** `account` and `new_account`: only nats-server's own tests may ask for one. */
  readonly account: string
  readonly newAccount: boolean
}

/** The options of a client that sent no CONNECT yet. */
export const BEFORE_CONNECT: ConnectOptions = {
  verbose: true,
  pedantic: true,
  echo: true,
  headers: false,
  noResponders: false,
  protocol: 0,
  name: '',
  lang: '',
  version: '',
  user: '',
  password: '',
  token: '',
  jwt: '',
  nkey: '',
  signature: '',
  account: '',
  newAccount: false,
}

/** Our names by those of the wire. What is in none of these is passed over. */
const FIELDS: ReadonlyMap<string, keyof ConnectOptions> = new Map([
  ['verbose', 'verbose'],
  ['pedantic', 'pedantic'],
  ['echo', 'echo'],
  ['headers', 'headers'],
  ['no_responders', 'noResponders'],
  ['protocol', 'protocol'],
  ['name', 'name'],
  ['lang', 'lang'],
  ['version', 'version'],
  ['user', 'user'],
  ['pass', 'password'],
  ['auth_token', 'token'],
  ['jwt', 'jwt'],
  ['nkey', 'nkey'],
  ['sig', 'signature'],
  ['account', 'account'],
  ['new_account', 'newAccount'],
])

/**
 * What a client has said once it said `json` too: as for Go's JSON, which nats-server reads it with, names are the same
 * in any case, and what is left out or null stays as it was. `undefined` when the text is neither a JSON object nor
 * null, or a field has another type than the protocol gives it.
 */
export function parseConnect(json: string, before: ConnectOptions = BEFORE_CONNECT): ConnectOptions | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || Array.isArray(parsed)) return undefined
  const options: Record<string, unknown> = { ...before }
  for (const [name, value] of Object.entries(parsed ?? {})) {
    const field = FIELDS.get(name.toLowerCase())
    if (field === undefined || value === null) continue
    if (typeof value !== typeof before[field]) return undefined
    if (typeof value === 'number' && !Number.isInteger(value)) return undefined
    options[field] = value
  }
  // Each field has the type that it had in `before`.
  return options as unknown as ConnectOptions
}
