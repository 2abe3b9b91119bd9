import { isIP } from 'node:net'
import path from 'node:path'
import { ConfigError } from '#kit'
import type { Bind, Upstream } from './site.ts'

/*
 * What goes into the files of five proxies, each with its own quotes, variables and placeholders. Rather than to write
 * for each how to escape what nobody needs, it is refused.
 */

/** A name of DNS, or an address; IPv6 may have its brackets. */
export function safeHost(host: string): string {
  if (/^[a-z\d](?:[\w.-]*[a-z\d])?$/i.test(host) || isAddress(host.replace(/^\[(.*)\]$/, '$1'))) return host
  throw new ConfigError(`${JSON.stringify(host)} is no host name that goes into a proxy's configuration`)
}

/** One without a zone (`fe80::1%eth0`), which nginx and HAProxy refuse. */
function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%')
}

/** `what` is what the path is called in the error. */
export function safePath(what: string, text: string): string {
  // "." and ".." never arrive: clients resolve them.
  if (/^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*$/.test(text)) return text
  throw new ConfigError(
    `${what}, ${JSON.stringify(text)}, does not go into a proxy's configuration: letters, digits, "-", "_", "." and "~" do`,
  )
}

/** A file, by its absolute path. */
export function safeFile(file: string): string {
  const absolute = path.resolve(file)
  if (/^[\p{L}\p{N}/@+=:,._~-]+$/u.test(absolute)) return absolute
  throw new ConfigError(
    `The file name ${JSON.stringify(absolute)} does not go into a proxy's configuration: no blanks, quotes and signs in it, please`,
  )
}

/** `443`, `192.0.2.1:443` or `[::1]:443`; `flag` is what the text was given to. */
export function parseBind(flag: string, text: string): Bind {
  const [, bracketed, plain, digits = ''] = /^(?:(?:\[([^\]]*)\]|([^:]*)):)?(\d{1,5})$/.exec(text) ?? []
  const address = bracketed ?? plain
  const port = Number(digits)
  if (digits !== '' && port >= 1 && port <= 0xffff && (address === undefined || isAddress(address))) {
    return { address, port }
  }
  throw new ConfigError(`${flag} is a port such as 443, or address:port, not ${JSON.stringify(text)}`)
}

/** `host:port`, with `http://` or `https://` in front where it is not as `isTls` says. */
export function parseUpstream(flag: string, text: string, isTls = false): Upstream {
  const [, scheme, bracketed, plain, digits = ''] =
    /^(?:(https?):\/\/)?(?:\[([^\]]*)\]|([^:/]*)):(\d{1,5})\/?$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (!host || port < 1 || port > 0xffff || (bracketed !== undefined && isIP(bracketed) !== 6)) {
    throw new ConfigError(`${flag} is host:port, not ${JSON.stringify(text)}`)
  }
  return { host: safeHost(host), port, isTls: scheme === undefined ? isTls : scheme === 'https' }
}

/** `place` or `place=host:port`. */
export function parsePlace(flag: string, text: string): { readonly place: string; readonly upstream?: Upstream } {
  const [place = '', ...rest] = text.split('=')
  return rest.length === 0 ? { place } : { place, upstream: parseUpstream(flag, rest.join('=')) }
}
