import {
  type ConfigEntry,
  type ConfigMap,
  type Fields,
  goType,
  InvalidValue,
  type Problems,
  readMap,
} from './language/index.ts'
import { type AnySetting, allSettings, blockNames, listeners } from './settings/schema.ts'
import { listenIn } from './types/address.ts'
import type { ConfigSource } from './types/setting-type.ts'
import { Values } from './values.ts'

/** Reads all settings from a parsed config file; reports what is wrong, and every key that is none. */
export function readConfigFile(file: ConfigMap, problems: Problems): Values {
  const values = new Values()
  if (file.entries.size === 0) problems.warning(`${file.position.file}: config has no values or is empty`)
  const blocks = Object.keys(blockNames).filter((block) => block !== '')
  const blockFields = blocks.flatMap((block) => blockNames[block]!.map((name) => [name, readBlock(block)] as const))
  readMap(file, { ...fieldsOf('', values, problems), ...Object.fromEntries(blockFields) }, problems)
  return values

  function readBlock(block: string): (entry: ConfigEntry) => void {
    const fields = fieldsOf(block, values, problems)
    return ({ value }) => {
      if (value.kind !== 'map') throw new InvalidValue(`Expected ${block} to be a map, got ${goType(value)}`)
      readMap(value, fields, problems)
    }
  }
}

/** The settings of one block, by the names of their keys. */
function fieldsOf(block: string, values: Values, problems: Problems): Fields {
  const fields: Record<string, (entry: ConfigEntry) => void> = {}
  for (const { setting } of allSettings) {
    for (const key of [setting.key, ...(setting.aliases ?? [])]) {
      const [blockOfKey, name] = splitKey(key)
      if (blockOfKey === block) fields[name] = (entry) => readSetting(entry, setting)
    }
  }
  const listener = listeners[block]
  if (listener !== undefined) {
    fields.listen = (entry) => {
      const { host, port } = listenIn(entry.value, sourceOf(entry))
      values.set(listener.host, host)
      values.set(listener.port, port)
    }
  }
  return fields

  function readSetting(entry: ConfigEntry, setting: AnySetting): void {
    values.set(setting, setting.type.fromConfig(entry.value, sourceOf(entry)))
  }

  function sourceOf({ key, keyPosition }: ConfigEntry): ConfigSource {
    return { name: key, problems, warn: (reason) => problems.warningAt(keyPosition, key, reason) }
  }
}

/** `block.key` in its two parts; the block of a top-level key is ''. */
export function splitKey(key: string): [block: string, name: string] {
  const dot = key.indexOf('.')
  return dot === -1 ? ['', key] : [key.slice(0, dot), key.slice(dot + 1)]
}
