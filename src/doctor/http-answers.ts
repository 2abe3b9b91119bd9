import type { Answer } from './ask.ts'
import type { FaultId } from './faults.ts'

/** What is wrong with an answer, whoever it is from; `undefined` when it may be the server's own. */
export function troubleIn(answer: Answer): { readonly fault: FaultId; readonly says: string } | undefined {
  const { status, headers, body, url } = answer
  const isJson = /json/i.test(headers['content-type'] ?? '')
  if (status >= 300 && status < 400) {
    if (URL.parse(headers.location ?? '', url.href)?.href === url.href) {
      const why =
        url.protocol === 'https:' ? '; what sends everybody to https:// does not see that it is that already' : ''
      return { fault: 'redirect-loop', says: `${status} leads to the very address that was asked, over and over${why}` }
    }
    return {
      fault: 'proxy-login',
      says: `${status} leads to ${shown(headers.location ?? 'nowhere')}: a login in front of it, or another site`,
    }
  }
  if (status === 407 || (status === 401 && asksForPassword(headers['www-authenticate']))) {
    return {
      fault: 'proxy-login',
      says: `${status}: the proxy asks for a login of its own (${shown(headers['www-authenticate'] ?? '')})`,
    }
  }
  if (status === 400 && /HTTP request (?:was sent )?to (?:an )?HTTPS/i.test(body)) {
    if (url.protocol === 'http:') return { fault: 'not-http', says: 'the port wants TLS: use https://' }
    const says =
      'the proxy sends requests without TLS to a port that wants TLS: use the plain one, or https:// in the proxy'
    return { fault: 'bad-gateway', says }
  }
  if (isJson) return undefined
  if (status === 401 || status === 403) {
    return { fault: 'proxy-login', says: `${status} ${page(answer)}: what stands in front refuses it` }
  }
  if (status === 502 || status === 503 || status === 504 || (status >= 520 && status <= 530)) {
    const why = status === 504 ? 'does not answer in time' : 'does not take its requests'
    return { fault: 'bad-gateway', says: `${status}: what is behind the proxy ${why}` }
  }
  return undefined
}

/** `an HTML page "Welcome"`, or how it begins. */
export function page({ headers, body }: Answer): string {
  if (!/html/i.test(headers['content-type'] ?? '') && !/^\s*<(?:!doctype|html)/i.test(body)) {
    return body === '' ? 'without a body' : `with ${JSON.stringify(shown(body))}`
  }
  const title = /<title[^>]*>([^<]*)/i.exec(body)?.[1]?.trim()
  return title ? `with an HTML page ${JSON.stringify(shown(title))}` : 'with an HTML page'
}

export function isHtml({ headers, body }: Answer): boolean {
  return /html/i.test(headers['content-type'] ?? '') || /^\s*<(?:!doctype|html)/i.test(body)
}

/** As JSON; `undefined` when it is none. */
export function jsonOf({ body }: Pick<Answer, 'body'>): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** One line of printable text, cut where it is long. What a stranger sent must not move the cursor. */
export function shown(text: string): string {
  const line = text.replace(/[^\x20-\x7e]+/g, ' ').trim()
  return line.length <= 100 ? line : `${line.slice(0, 97)}...`
}

/** APIs ask for a bearer token, which apps have. */
function asksForPassword(challenge: string | undefined): boolean {
  return challenge !== undefined && !/^\s*bearer\b/i.test(challenge)
}
