/** Bitwarden's ids, as .NET writes them. */
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** In lower case, which makes it a token of a subject too; undefined for whatever is no GUID. */
export function normalGuid(value: unknown): string | undefined {
  return typeof value === 'string' && GUID.test(value) ? value.toLowerCase() : undefined
}
