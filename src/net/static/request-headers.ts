import type { IncomingHttpHeaders } from 'node:http'

/** RFC 9110 §12.5.3. What is not named is not wanted: a client that says nothing gets the plain file. */
export function acceptsCoding(header: string | string[] | undefined, coding: string): boolean {
  const named = new Map<string, boolean>()
  for (const item of String(header ?? '').split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    named.set(name, !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter)))
  }
  return named.get(coding) ?? named.get('*') ?? false
}

/** RFC 9110 §13.1: whether the client has it as it is. A date counts only where no tag is named; it has whole seconds. */
export function isUnchanged(
  headers: IncomingHttpHeaders,
  { etag, mtimeMs }: { readonly etag: string; readonly mtimeMs: number },
): boolean {
  const { 'if-none-match': tags, 'if-modified-since': since } = headers
  if (tags !== undefined) {
    // Proxies that compress make tags weak; for this comparison they are the same.
    return tags.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')))
  }
  return since !== undefined && Math.floor(mtimeMs / 1000) * 1000 <= Date.parse(since)
}
