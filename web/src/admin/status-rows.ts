export interface StatusRow {
  readonly name: string
  readonly value: string
}

/** What a server tells of itself, a row for each value: `connections.hub` is "connections: hub". */
export function statusRows(status: Readonly<Record<string, unknown>>): StatusRow[] {
  return Object.entries(status).flatMap(([name, value]) => rowsOf(name, value))
}

function rowsOf(name: string, value: unknown): StatusRow[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) {
    const isPlain = value.every((item) => typeof item !== 'object')
    if (isPlain) return value.length === 0 ? [] : [{ name: words(name), value: value.join(', ') }]
    return value.flatMap((item, i) => rowsOf(`${name} ${i + 1}`, item))
  }
  const place = placeOf(value)
  if (place !== undefined) return [{ name: words(name), value: place }]
  if (typeof value !== 'object') return [{ name: words(name), value: String(value) }]
  return Object.entries(value).flatMap(([inner, item]) => rowsOf(`${name}: ${words(inner)}`, item))
}

/** Where something listens, in one line. */
function placeOf(value: unknown): string | undefined {
  const { host, port, isTls, certificateExpires } = Object(value) as Record<string, unknown>
  if (typeof host !== 'string' || typeof port !== 'number') return undefined
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  if (isTls !== true) return address
  return `${address}, TLS${typeof certificateExpires === 'string' ? `, certificate until ${certificateExpires.slice(0, 10)}` : ''}`
}

/** `startedAt` is "started at". */
function words(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
