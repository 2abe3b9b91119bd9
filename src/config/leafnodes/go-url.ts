import { isIPv6 } from 'node:net'

/** The parts of a URL as Go's `url.Parse` takes it apart: nearly any text is one. */
export interface GoUrl {
  /** In lower case; '' without one. */
  readonly scheme: string
  /** Decoded; `undefined` without. */
  readonly user: string | undefined
  readonly password: string | undefined
  /** An IPv6 address in brackets. */
  readonly host: string
  /** As written; '' without one. */
  readonly port: string
  /** As written. */
  readonly path: string
  /** From the `?` or the `#` on. */
  readonly rest: string
  /** `localhost:7422` has the scheme `localhost` and nothing that a host could be. */
  readonly opaque: string
}

/** @throws RangeError in Go's words, which may repeat parts of the text. (spec: nats §5.6, as `net/url` has it) */
export function parseGoUrl(text: string): GoUrl {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) throw new RangeError('net/url: invalid control character in URL')
  if (text.startsWith(':')) throw new RangeError('missing protocol scheme')
  const [, scheme = '', body = '', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):)?([^?#]*)(.*)$/is.exec(text) ?? []
  const nothing = { user: undefined, password: undefined, host: '', port: '', path: '', opaque: '' }
  const common = { ...nothing, scheme: scheme.toLowerCase(), rest }
  if (!body.startsWith('/')) {
    if (scheme !== '') return { ...common, opaque: body }
    if (/^[^/]*:/.test(body)) throw new RangeError('first path segment in URL cannot contain colon')
  }
  const [, authority, path = ''] = /^\/\/([^/]*)(.*)$/s.exec(body) ?? [undefined, undefined, body]
  for (const part of [path, rest.replace(/^[^#]*/, '')]) unescaped(part)
  return { ...common, ...(authority !== undefined && authorityOf(authority)), path }
}

/** As Go prints it, with what a log may hold: no password, and no user that could be a token. */
export function formatGoUrl(url: GoUrl, defaultPort = ''): string {
  const { scheme, user, password, host, path, rest, opaque } = url
  const port = url.port || defaultPort
  const login = user === undefined ? '' : password === undefined ? 'xxxxx@' : `${encodeURIComponent(user)}:xxxxx@`
  const address = host + (port && `:${port}`)
  const prefix = scheme && `${scheme}:`
  if (opaque !== '' && address === '') return `${prefix}${opaque}${rest}`
  return `${prefix}${scheme !== '' || address !== '' ? '//' : ''}${login}${address}${path}${rest}`
}

function authorityOf(authority: string): Pick<GoUrl, 'user' | 'password' | 'host' | 'port'> {
  const at = authority.lastIndexOf('@')
  const [host, port] = hostOf(authority.slice(at + 1))
  if (at === -1) return { user: undefined, password: undefined, host, port }
  const login = authority.slice(0, at)
  if (/[^\w.~!$&'()*+,;=:%@-]/.test(login)) throw new RangeError('net/url: invalid userinfo')
  const [, user = '', password] = /^([^:]*)(?::(.*))?$/s.exec(login) ?? []
  return { user: unescaped(user), password: password === undefined ? undefined : unescaped(password), host, port }
}

function hostOf(text: string): [host: string, port: string] {
  const isBracketed = text.startsWith('[')
  const end = isBracketed ? text.lastIndexOf(']') + 1 : text.lastIndexOf(':')
  if (isBracketed && end === 0) throw new RangeError("missing ']' in host")
  const [host, colonPort] = end === -1 ? [text, ''] : [text.slice(0, end), text.slice(end)]
  if (!/^(?::\d*)?$/.test(colonPort)) throw new RangeError(`invalid port ${JSON.stringify(colonPort)} after host`)
  const name = isBracketed ? host.slice(1, -1) : host
  if (isBracketed && !isIPv6(name)) throw new RangeError('invalid host: no IPv6 address in the brackets')
  const [wrong] = /[^\w\].~!$&'()*+,;=:<>"%\x80-\uffff-]/.exec(name) ?? []
  if (wrong !== undefined) throw new RangeError(`invalid character ${JSON.stringify(wrong)} in host name`)
  // Of a zone, `%25eth0`, and for bytes that ASCII does not have.
  const [badEscape] = /%(?!25|[89a-f][\da-f]).{0,2}/i.exec(name) ?? []
  if (badEscape !== undefined) throw new RangeError(`invalid URL escape ${JSON.stringify(badEscape)}`)
  return [host, colonPort.slice(1)]
}

function unescaped(text: string): string {
  const [wrong] = /%(?![0-9a-f]{2}).{0,2}/is.exec(text) ?? []
  if (wrong !== undefined) throw new RangeError(`invalid URL escape ${JSON.stringify(wrong)}`)
  // Byte by byte: Go does not ask whether they are UTF-8.
  return Buffer.from(
    text.replaceAll(/[^%]+|%(..)/gs, (plain, hex: string | undefined) => {
      return hex === undefined ? Buffer.from(plain).toString('latin1') : String.fromCharCode(Number.parseInt(hex, 16))
    }),
    'latin1',
  ).toString()
}
