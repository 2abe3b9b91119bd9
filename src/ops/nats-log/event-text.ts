import { stripVTControlCharacters } from 'node:util'
import type { LogFields } from '#kit'
import { goQuote } from '#wire/nats'

/** Values that need no quotes. */
const PLAIN = /^[\w.,:;/@$*>+#[\]()-]+$/

/** nats-server's words for events that tools and tests look for; the fields that are named in them are left out after. */
const KNOWN_TEXTS: Readonly<Record<string, string>> = {
  'client connected': 'Client connection created',
  'client closed': 'Client connection closed',
  'login refused': 'authentication error',
  'TLS handshake failed': 'TLS handshake error',
}

/** What nats-server's texts for these say is their `reason`. */
const SAID_BY_REASON: ReadonlySet<string> = new Set(['operation refused', 'subscription removed'])

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
}

/**
 * What an event of ours says in a log of nats-server's kind. What a client caused begins with who it is:
 * `127.0.0.1:5222 - cid:5 - "v1.2:go:my app" - "$G/alice" - Client connection closed: Client Closed`.
 * Stacks of errors follow on lines of their own.
 */
export function eventText(fields: LogFields, event: string): string {
  const { door: _door, reason, claim, ...rest } = fields
  const { prefix, others } = clientPrefix(rest)
  const stacks: string[] = []
  const shown = Object.entries(others)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${showValue(value, stacks)}`)
  if (typeof reason === 'string' && SAID_BY_REASON.has(event)) return `${prefix}${printable(reason)}`
  // Who somebody claims to be: `authentication error - User "alice"`.
  const who = typeof claim === 'string' ? ` - ${printable(claim)}` : ''
  const why =
    reason === undefined ? '' : `: ${typeof reason === 'string' ? printable(reason) : showValue(reason, stacks)}`
  const extra = shown.length === 0 ? '' : ` (${shown.join(', ')})`
  return `${prefix}${KNOWN_TEXTS[event] ?? sentence(printable(event))}${who}${why}${extra}${stacks.join('')}`
}

/** Who a client is, with ` - ` at the end; empty when the fields name none. */
export function clientPrefix(fields: LogFields): { prefix: string; others: LogFields } {
  const { client, address, port, connectionType, clientVersion, clientLang, clientName, account, user, ...others } =
    fields as ClientFields & LogFields
  if (client === undefined) {
    // Somebody who has not become a client yet.
    if (address === undefined || port === undefined) return { prefix: '', others: fields }
    return { prefix: `${remote(address, port)} - `, others: withoutAddress(fields) }
  }
  const parts = [
    remote(address, port),
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

function withoutAddress({ address: _address, port: _port, ...others }: LogFields): LogFields {
  return others
}

function remote(address: unknown, port: unknown): string {
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
