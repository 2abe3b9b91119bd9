/**
 * Answers with a member's value by its name in any case: servers write camelCase or PascalCase. Of members that differ
 * by nothing but their case the last one counts, as in .NET. Undefined for what is no object.
 */
export function caselessMembers(value: unknown): ((name: string) => unknown) | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const members = new Map(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]))
  return (name) => members.get(name.toLowerCase())
}
