import type { IncomingMessage } from 'node:http'

/** What a request is for. */
export interface RequestTarget {
  /** As it was sent; `/` for the absolute form of an origin alone. */
  readonly path: string
  /** What follows the question mark. */
  readonly query: string
  /** As in a `Host` header; empty when there is none. */
  readonly host: string
}

/** `http://user@host:80/path?query`; the authority without the user. */
const ABSOLUTE_FORM = /^[a-z][a-z\d+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]*)(.*)$/is

/**
 * RFC 9112 §3.2.2: every server takes the absolute form of a request's target, which is meant for proxies. The host that
 * it names counts, whatever the `Host` header says.
 */
export function requestTarget({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): RequestTarget {
  const [, authority, rest] = url.startsWith('/') ? [] : (ABSOLUTE_FORM.exec(url) ?? [])
  const [path = '', ...query] = (rest ?? url).split('?')
  return {
    path: path === '' && rest !== undefined ? '/' : path,
    query: query.join('?'),
    host: authority || (headers.host ?? ''),
  }
}
