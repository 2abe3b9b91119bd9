import { InvalidValue, stringIn } from '../language/index.ts'
import { mustBe, type SettingType, type Source } from './setting-type.ts'

/**
 * A setting that is written as one text everywhere. `parse` answers with its normal form, which must itself be
 * acceptable, and throws `InvalidValue`.
 */
export function text<T extends string>(
  description: string,
  parse: (text: string, source: Source) => T,
): SettingType<T> {
  return {
    description,
    fromText: parse,
    fromConfig: (value, source) => parse(stringIn(value), source),
    fromProgram(value, source) {
      if (typeof value !== 'string') throw new InvalidValue(mustBe(source, 'a text', value))
      return parse(value, source)
    },
  }
}

/** A path as written; relative ones start from the working directory. */
export function path(what = 'path'): SettingType<string> {
  return text(what, (path, source) => {
    if (path === '' || path.includes('\0')) throw new InvalidValue(mustBe(source, 'a path', path))
    // Vaultwarden can be built to keep folders in S3.
    if (/^[a-z0-9+.-]+:\/\//i.test(path)) throw new InvalidValue(mustBe(source, 'a path on this machine', path))
    return path
  })
}

/** Name or address to listen on. */
export const host = text('host name or IP address', (host, source) => {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (/^[^\s/[\]]+$/.test(bare)) return bare
  throw new InvalidValue(mustBe(source, 'a host name or an IP address', host))
})

export const serverName = text('text without spaces', (name, source) => {
  if (name === '') throw new InvalidValue(mustBe(source, 'a name', name))
  if (/\s/.test(name)) throw new InvalidValue('server name cannot contain spaces')
  return name
})

export const headerName = text('name of an HTTP header, or `none`', (name, source) => {
  const trimmed = name.trim()
  if (trimmed.toLowerCase() === 'none') return 'none'
  // RFC 9110 §5.6.2
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(trimmed)) return trimmed
  throw new InvalidValue(mustBe(source, 'the name of an HTTP header or "none"', name))
})

/** Where another server is: http or https, without trailing slashes. */
export const baseUrl = text('`http://` or `https://` URL', readBaseUrl)

/** The public address, as `baseUrl`. Its path is where everything is mounted. */
export const domain = text('`http://` or `https://` URL', (domain, source) => {
  const address = readBaseUrl(domain, source)
  const { pathname } = new URL(address)
  // Anything else is spelt in several ways, or is a pattern to a router.
  if (!/^[\w.~/-]+$/.test(pathname)) {
    const only = 'a path of letters of ASCII, digits, "-", "_", "." and "~" only'
    throw new InvalidValue(`${source.name} must have ${only}, not "${pathname}"`)
  }
  return address
})

function readBaseUrl(given: string, source: Source): string {
  const trimmed = given.trim().replace(/\/+$/, '')
  const url = /^https?:\/\//i.test(trimmed) ? URL.parse(trimmed) : null
  if (url === null) {
    throw new InvalidValue(mustBe(source, 'a URL with its protocol, such as "https://vault.example.com"', given))
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new InvalidValue(`${source.name} must be a URL without user, query and fragment`)
  }
  return trimmed
}

/** Somewhere else that is asked. */
export const httpsUrl = text('`https://` URL', (url, source) => {
  if (/^https:\/\//i.test(url) && URL.canParse(url)) return url
  throw new InvalidValue(mustBe(source, 'a URL that begins with https://', url))
})

/** Any text; an empty one is the same as none, as in nats-server. */
export function plainText(description: string): SettingType<string> {
  const type = text(description, (text) => text)
  return { ...type, fromConfig: (value, source) => type.fromConfig(value, source) || undefined }
}

/** A path of URLs: `/` and what is below it, without a slash at its end, so that all of them are ''. */
export const urlPath = text('path that begins with `/`', (path, source) => {
  if (!/^\/[\w\-.~!$&'()*+,;=:@%/]*$/.test(path) || path.split('/').includes('..')) {
    throw new InvalidValue(mustBe(source, 'a path that begins with "/"', path))
  }
  return path.replace(/\/+$/, '')
})

/** RFC 6265 §4.1.1: a token. Empty for none. */
export const cookieName = text('name of a cookie', (name, source) => {
  if (/^[\w!#$%&'*+.^`|~-]*$/.test(name)) return name
  throw new InvalidValue(mustBe(source, 'the name of a cookie', name))
})
