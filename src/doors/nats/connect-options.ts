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

/** What a client has said once it said `json` too; `undefined` for what `optionsIn` cannot read. */
export function parseConnect(json: string, before: ConnectOptions = BEFORE_CONNECT): ConnectOptions | undefined {
  return optionsIn(json, FIELDS, before)
}

/**
 * `before` with what a CONNECT says: as for Go's JSON, which nats-server reads it with, names are the same in any case,
 * and what is left out or null stays as it was. `undefined` when the text is neither a JSON object nor null, or a field
 * has another type than the protocol gives it, which is that of its value in `before`: a list is one of texts.
 */
export function optionsIn<Options extends object>(
  json: string,
  fields: ReadonlyMap<string, keyof Options & string>,
  before: Options,
): Options | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || Array.isArray(parsed)) return undefined
  const options = { ...before } as Record<string, unknown>
  for (const [name, value] of Object.entries(parsed ?? {})) {
    const field = fields.get(name.toLowerCase())
    if (field === undefined || value === null) continue
    if (!isLike(value, before[field])) return undefined
    options[field] = value
  }
  // Each field has the type that it had in `before`.
  return options as Options
}

function isLike(value: unknown, example: unknown): boolean {
  if (Array.isArray(example)) return Array.isArray(value) && value.every((item) => typeof item === 'string')
  return typeof value === typeof example && (typeof value !== 'number' || Number.isInteger(value))
}
