/**
 * Where a URI of an item leads, for a link: a page of the web, or nowhere. What else may stand there (`javascript:`,
 * `androidapp://`) must not be followed from here. A name without a scheme is one of a site.
 */
export function webHref(uri: string): string | undefined {
  const text = uri.trim()
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/]+:\d+(\/|$)/.test(text) ? text : `https://${text}`)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined
  const isSite = url.hostname.includes('.') || url.hostname === 'localhost' || url.hostname.startsWith('[')
  return isSite || /^https?:/i.test(text) ? url.href : undefined
}

/** What is shown of a URI in a list: its host, or all of it. */
export function hostOf(uri: string): string {
  const href = webHref(uri)
  return href === undefined ? uri : new URL(href).host
}
