import { NatsProtocolError } from './errors.ts'

/** Values by name, in the order of the wire. Names keep their case, `a` and `A` are two. */
export type Headers = ReadonlyMap<string, readonly string[]>

export interface HeaderBlock {
  /** The three digits of a status line, 503 for example; undefined on ordinary messages. */
  readonly status: number | undefined
  /** The words behind the status; empty when there are none. */
  readonly description: string
  readonly headers: Headers
}

const VERSION = 'NATS/1.0'

/**
 * Reads a header block, from `NATS/1.0` to the empty line, as UTF-8. Blanks around values are dropped. Throws a
 * `NatsProtocolError` with code `HEADERS`. The broker never needs this, it passes blocks on as they are.
 */
export function parseHeaders(block: Buffer): HeaderBlock {
  const lines = block.toString('utf8').split('\r\n')
  if (lines.length < 3 || lines.at(-1) !== '' || lines.at(-2) !== '') throw malformed('no empty line at the end')
  const status = /^NATS\/1\.0(?:[ \t]+(\d{3})(?:[ \t]+(.*))?)?[ \t]*$/.exec(lines[0]!)
  if (status === null) throw malformed(`bad first line ${JSON.stringify(lines[0])}`)

  const headers = new Map<string, string[]>()
  for (const line of lines.slice(1, -2)) {
    const colon = line.indexOf(':')
    if (colon < 1) throw malformed(`bad line ${JSON.stringify(line)}`)
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).trim()
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [value])
    else values.push(value)
  }
  return {
    status: status[1] === undefined ? undefined : Number(status[1]),
    description: status[2]?.trim() ?? '',
    headers,
  }
}

/**
 * A header block as UTF-8. Throws a `RangeError` for a status that is not three digits, a name that is empty or has a
 * colon, blank or control character in it, and for text with a line break.
 */
export function encodeHeaders({ status, description = '', headers }: Partial<HeaderBlock>): Buffer {
  let text = VERSION
  if (status !== undefined) {
    if (!Number.isInteger(status) || status < 100 || status > 999) throw new RangeError(`Bad status ${status}`)
    if (hasLineBreak(description)) throw new RangeError('Description contains a line break')
    text += description === '' ? ` ${status}` : ` ${status} ${description}`
  }
  text += '\r\n'
  for (const [name, values] of headers ?? []) {
    if (!/^[^\p{Cc} :]+$/u.test(name)) throw new RangeError(`Bad header name ${JSON.stringify(name)}`)
    for (const value of values) {
      if (hasLineBreak(value)) throw new RangeError(`Header ${JSON.stringify(name)} contains a line break`)
      text += `${name}: ${value}\r\n`
    }
  }
  return Buffer.from(`${text}\r\n`, 'utf8')
}

function hasLineBreak(text: string): boolean {
  return /[\r\n]/.test(text)
}

function malformed(what: string): NatsProtocolError {
  return new NatsProtocolError('HEADERS', `Malformed header block: ${what}`)
}
