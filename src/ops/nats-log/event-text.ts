import { stripVTControlCharacters } from 'node:util'
import type { LogFields } from '#kit'
import { goQuote } from '#wire/nats'

/** Values that need no quotes. */
const PLAIN = /^[\w.,:;/@$*>+#[\]()-]+$/

const LEAF_CLOSED = 'leaf node closed'
const LEAF_ERROR = 'leaf node reports an error'
/** What nats-server says of these begins with their `reason`. */
const LEAF_NOT_CONNECTED = 'leaf node not connected'
const LEAF_NOT_REACHED = 'leaf node server not reached'

/** nats-server's words for events that tools and tests look for; the fields that are named in them are left out after. */
const KNOWN_TEXTS: Readonly<Record<string, string>> = {
  'client connected': 'Client connection created',
  'client closed': 'Client connection closed',
  'leaf node connected': 'Leafnode connection created',
  [LEAF_CLOSED]: 'Leafnode connection closed',
  'login refused': 'authentication error',
  'TLS handshake failed': 'TLS handshake error',
}

/** What nats-server's texts for these say is their `reason`. */
const SAID_BY_REASON: ReadonlySet<string> = new Set(['operation refused', 'subscription removed', 'leaf node refused'])

/** A client, as a door describes it in the fields of its log; everything but `client` may be missing. */
interface ClientFields {
  /** The `client_id` of INFO. */
  readonly client?: unknown
  readonly address?: unknown
  readonly port?: unknown
  /** `WEBSOCKET` makes a `wid` of the `cid`. */
  readonly connectionType?: unknown
  /** Of CONNECT: `version`, `lang` and `name`. */
  readonly clientVersion?: unknown
  readonly clientLang?: unknown
  readonly clientName?: unknown
  readonly account?: unknown
  readonly user?: unknown
  /** In the place of `client`, of a leaf node. */
  readonly leaf?: unknown
}

/**
 * What an event of ours says in a log of nats-server's kind. What a client caused begins with who it is:
 * `127.0.0.1:5222 - cid:5 - "v1.2:go:my app" - "$G/alice" - Client connection closed: Client Closed`.
 * Of a leaf node: `127.0.0.1:5222 - lid:5 - Leafnode connection closed: Client Closed - Remote: spoke`.
 * Stacks of errors follow on lines of their own.
 */
export function eventText(fields: LogFields, event: string): string {
  const { door: _door, reason, claim, ...rest } = fields
  const { prefix, others } = event === LEAF_NOT_REACHED ? serverPrefix(rest) : clientPrefix(rest)
  const stacks: string[] = []
  const shown = Object.entries(others)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${showValue(value, stacks)}`)
  if (typeof reason === 'string' && SAID_BY_REASON.has(event)) {
    return `${prefix}${printable(reason)}${leafSuffix(fields, event)}`
  }
  if (typeof reason === 'string' && event === LEAF_ERROR) return `${prefix}Leafnode Error '${printable(reason)}'`
  const extra = shown.length === 0 ? '' : ` (${shown.join(', ')})`
  if (event === LEAF_NOT_CONNECTED || event === LEAF_NOT_REACHED) return `${prefix}${printable(String(reason))}${extra}`
  // Who somebody claims to be: `authentication error - User "alice"`.
  const who = typeof claim === 'string' ? ` - ${printable(claim)}` : ''
  const why =
    reason === undefined ? '' : `: ${typeof reason === 'string' ? printable(reason) : showValue(reason, stacks)}`
  return `${prefix}${KNOWN_TEXTS[event] ?? sentence(printable(event))}${who}${why}${leafSuffix(fields, event)}${extra}${stacks.join('')}`
}

/** Who a client is, with ` - ` at the end; empty when the fields name none. */
export function clientPrefix(fields: LogFields): { prefix: string; others: LogFields } {
  const { client, address, port, connectionType, clientVersion, clientLang, clientName, account, user, ...others } =
    fields as ClientFields & LogFields
  if (fields.leaf !== undefined) return leafPrefix(fields)
  if (client === undefined) {
    // Somebody who has not become a client yet.
    if (address === undefined || port === undefined) return { prefix: '', others: fields }
    return { prefix: `${remoteOf(address, port)} - `, others: withoutAddress(fields) }
  }
  const parts = [
    remoteOf(address, port),
    `${connectionType === 'WEBSOCKET' ? 'wid' : 'cid'}:${printable(String(client))}`,
    program(clientVersion, clientLang, clientName),
    login(account, user),
  ]
  return {
    prefix: parts
      .filter((part) => part !== '')
      .map((part) => `${part} - `)
      .join(''),
    others,
  }
}

/** `127.0.0.1:5222 - lid:5 - `; the rest of who it is nats-server says at the end, see `leafSuffix`. */
function leafPrefix(fields: ClientFields & LogFields): { prefix: string; others: LogFields } {
  const { leaf, address, port, connectionType, clientVersion, clientLang, clientName, ...more } = fields
  const { account: _account, user: _user, server: _server, ...others } = more
  const id = `${connectionType === 'LEAFNODE_WS' ? 'lid_ws' : 'lid'}:${printable(String(leaf))}`
  const from = remoteOf(address, port)
  return { prefix: `${from === '' ? '' : `${from} - `}${id} - `, others }
}

/** Which server is not reached, and how often that was tried. */
function serverPrefix({ url, attempt, ...others }: LogFields): { prefix: string; others: LogFields } {
  const host = goQuote(String(url).replace(/^\w+:\/\//, ''))
  return { prefix: `Error trying to connect as leafnode to remote server ${host} (attempt ${attempt}): `, others }
}

/** ` - Remote: spoke` of one that ends, ` - Account:A - user:a` of all that goes wrong once it is known. */
function leafSuffix({ leaf, clientName, account, user }: ClientFields, event: string): string {
  if (leaf === undefined || event === 'login refused') return ''
  if (event === LEAF_CLOSED) return clientName ? ` - Remote: ${printable(String(clientName))}` : ''
  return [account && `Account:${account}`, user].map((part) => (part ? ` - ${printable(String(part))}` : '')).join('')
}

function withoutAddress({ address: _address, port: _port, ...others }: LogFields): LogFields {
  return others
}

function remoteOf(address: unknown, port: unknown): string {
  if (typeof address !== 'string') return ''
  if (port === undefined) return printable(address)
  // In front of it may stand the address for which the client claims to speak.
  const own = address.slice(address.lastIndexOf('/') + 1)
  const claimed = address.slice(0, address.length - own.length)
  return printable(claimed + (own.includes(':') ? `[${own}]:${port}` : `${own}:${port}`))
}

function program(version: unknown, lang: unknown, name: unknown): string {
  const parts = [version ? `v${version}` : '', lang, name].filter((part) => typeof part === 'string' && part !== '')
  return parts.length === 0 ? '' : goQuote(parts.join(':'))
}

function login(account: unknown, user: unknown): string {
  const parts = [account, user].filter((part) => typeof part === 'string' && part !== '')
  return parts.length === 0 ? '' : goQuote(parts.join('/'))
}

function showValue(value: unknown, stacks: string[]): string {
  if (typeof value === 'string') return PLAIN.test(value) ? value : goQuote(value)
  if (isErrorLike(value) && 'message' in value) {
    for (let error: unknown = value; isErrorLike(error); error = error.cause) {
      stacks.push(...error.stack.split('\n').map((line) => `\n    ${printable(line)}`))
    }
    return goQuote(String(value.message))
  }
  return printable(JSON.stringify(value) ?? String(value))
}

function isErrorLike(value: unknown): value is { stack: string; cause?: unknown } {
  return typeof value === 'object' && value !== null && 'stack' in value && typeof value.stack === 'string'
}

/** With a capital, as nats-server begins its lines, but for those about WebSocket. */
function sentence(text: string): string {
  return text.startsWith('websocket') ? text : text.charAt(0).toUpperCase() + text.slice(1)
}

/** What a peer sent must neither steer the terminal of whoever reads the log nor look like a line of its own. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return stripVTControlCharacters(text).replace(/[\x00-\x1f\x7f-\x9f]/g, ' ')
}
