import { createHash } from 'node:crypto'
import { goFloat } from './go-format.ts'
import type { ConfigEntry, ConfigMap, ConfigValue } from './nodes.ts'

/**
 * The digest by which nats-server tells configurations apart: SHA-256, in hex, of what a parsed file says, whatever its
 * layout. It is that of Go's JSON of the map, of which each detail below is one.
 */
export function configDigest(map: ConfigMap): string {
  return createHash('sha256')
    .update(`${mapJson(map)}\n`)
    .digest('hex')
}

function json(value: ConfigValue): string {
  switch (value.kind) {
    case 'string':
      return stringJson(value.value)
    case 'integer':
    case 'boolean':
      return String(value.value)
    case 'float':
      return floatJson(value.value)
    case 'date':
      return `"${value.value.toISOString().replace('.000Z', 'Z')}"`
    case 'array':
      return `[${value.items.map(json).join(',')}]`
    case 'map':
      return mapJson(value)
  }
}

/** Keys are sorted by their bytes; those of UTF-16, by which JavaScript sorts, come in another order. */
function mapJson({ entries }: ConfigMap): string {
  const byBytes = (a: ConfigEntry, b: ConfigEntry) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))
  const members = [...entries.values()].toSorted(byBytes).map(({ key, value }) => `${stringJson(key)}:${json(value)}`)
  return `{${members.join(',')}}`
}

/** JSON that is safe in HTML and JavaScript. */
function stringJson(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029\u007f]/g, (character) =>
    character === '\u007f' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Go's JSON keeps to plain digits longer than its `%v`, and its exponents have no leading zero when negative. */
function floatJson(value: number): string {
  return goFloat(value, 21, -6).replace(/e-0(\d)$/, 'e-$1')
}
