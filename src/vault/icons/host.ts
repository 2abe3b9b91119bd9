/** Labels of letters, digits and inner hyphens. What is not ASCII has become Punycode before. */
const LABELS = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** What has a meaning in URLs, besides the characters of hosts. */
const NO_HOST = /[\s/\\?#@:%[\]<>^|]/

/** Characters. DNS knows 253, but file names with what comes behind end at 255. */
const LONGEST_HOST = 240

/**
 * The host that a client names, as URLs spell it (lower case, Punycode, IPv4 addresses with four numbers); undefined for
 * what is none. It is a safe file name: neither a separator nor `..` is in it.
 */
export function iconHost(text: string): string | undefined {
  if (NO_HOST.test(text)) return undefined
  const host = URL.parse(`https://${text}/`)?.hostname ?? ''
  return host.length <= LONGEST_HOST && LABELS.test(host) ? host : undefined
}
