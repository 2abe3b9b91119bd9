import { type ConfigValue, parseConfigText } from '#config'

/** A parsed value as the JavaScript value it stands for; integers stay bigints. */
export function plain(value: ConfigValue): unknown {
  switch (value.kind) {
    case 'map':
      return Object.fromEntries([...value.entries.values()].map((entry) => [entry.key, plain(entry.value)]))
    case 'array':
      return value.items.map(plain)
    default:
      return value.value
  }
}

export function parsePlain(text: string, environment: Record<string, string> = {}): unknown {
  return plain(parseConfigText(text, 'test.conf', { environment }))
}
