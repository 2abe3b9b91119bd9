/**
 * Whether the client that says it is `version` (header `Bitwarden-Client-Version`, `2026.9.0`) is of that month or newer.
 * False for one that does not say how old it is.
 */
export function isAtLeast(version: string | string[] | undefined, year: number, month: number): boolean {
  const [, clientYear, clientMonth] = /^(\d+)\.(\d+)\.\d+/.exec(String(version)) ?? []
  if (clientYear === undefined) return false
  return Number(clientYear) > year || (Number(clientYear) === year && Number(clientMonth) >= month)
}
