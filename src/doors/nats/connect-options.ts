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
  /** `account` or `new_account` was there: only nats-server's own tests may ask for one. */
  readonly asksForAccount: boolean
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
  asksForAccount: false,
}

/** `undefined` when the text is no JSON object, or a field has another type than the protocol gives it. */
export function parseConnect(json: string): ConnectOptions | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
  const fields = parsed as Record<string, unknown>
  const isBoolean = (key: string) => fields[key] == null || typeof fields[key] === 'boolean'
  const isText = (key: string) => fields[key] == null || typeof fields[key] === 'string'
  if (!['verbose', 'pedantic', 'echo', 'headers', 'no_responders'].every(isBoolean)) return undefined
  if (!['name', 'lang', 'version', 'account'].every(isText)) return undefined
  const protocol = fields.protocol ?? 0
  if (!Number.isInteger(protocol)) return undefined
  return {
    verbose: (fields.verbose ?? true) as boolean,
    pedantic: (fields.pedantic ?? true) as boolean,
    echo: (fields.echo ?? true) as boolean,
    headers: (fields.headers ?? false) as boolean,
    noResponders: (fields.no_responders ?? false) as boolean,
    protocol: protocol as number,
    name: (fields.name ?? '') as string,
    lang: (fields.lang ?? '') as string,
    version: (fields.version ?? '') as string,
    asksForAccount: Boolean(fields.account) || Boolean(fields.new_account),
  }
}
