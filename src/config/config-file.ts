import { checkLogins } from './authorization/check-logins.ts'
import { mapping, mapsCertificates } from './foreign-certificates.ts'
import {
  type ConfigEntry,
  type ConfigMap,
  type Fields,
  formatPosition,
  goType,
  InvalidValue,
  mapIn,
  type Problems,
  readMap,
} from './language/index.ts'
import { checkLeafLogins } from './leafnodes/check-logins.ts'
import { BLOCKS_OF_THE_VAULT, blocks, listenKeys, splitKey } from './settings/blocks.ts'
import { REFUSED, WITHOUT_EFFECT } from './settings/foreign.ts'
import { type AnySetting, allSettings, schema } from './settings/schema.ts'
import { listenIn } from './types/address.ts'
import type { ConfigSource, Surroundings } from './types/setting-type.ts'
import { Values } from './values.ts'

export interface ReadConfigFile {
  readonly problems: Problems
  readonly surroundings: Surroundings
  /** Blocks of the top level that whoever reads the file has no use for: only a remark is made of each. */
  readonly blocksWithoutEffect?: readonly string[]
  /** The same of single settings, whose values are checked all the same. */
  readonly settingsWithoutEffect?: readonly AnySetting[]
}

/** Reads all settings from a parsed config file; reports what is wrong, and every key that is none. */
export function readConfigFile(file: ConfigMap, options: ReadConfigFile): Values {
  const { problems, surroundings, blocksWithoutEffect = [], settingsWithoutEffect = [] } = options
  const values = new Values()
  if (file.entries.size === 0) problems.warning(`${file.position.file}: config has no values or is empty`)
  readMap(file, fieldsOf('', values), problems)
  checkLogins(values, problems)
  checkLeafLogins(values, problems)
  return values

  /** What may stand in the block at `path`, whose settings go to `values`. */
  function fieldsOf(path: string, values: Values): Fields {
    const fields: Record<string, (entry: ConfigEntry) => void> = {}
    const addField = (key: string, read: (entry: ConfigEntry) => void) => {
      const [block, name] = splitKey(key)
      if (block === path) fields[name] = read
    }
    for (const { setting } of allSettings) {
      for (const key of [setting.key ?? [], setting.aliases ?? []].flat()) {
        addField(key, (entry) => readSetting(entry, setting, values))
      }
    }
    for (const { key, host, port } of listenKeys) {
      addField(key, (entry) => {
        const address = listenIn(entry.value, sourceOf(entry))
        values.set<string | undefined>(host, address.host, entry.keyPosition)
        values.set<number | undefined>(port, address.port, entry.keyPosition)
      })
    }
    for (const inner of Object.keys(blocks)) {
      if (inner === '' || parentOf(inner) !== path) continue
      for (const name of blocks[inner]!.names) fields[name] = (entry) => readBlock(entry, inner, values)
    }
    for (const [name, check] of Object.entries(WITHOUT_EFFECT[path] ?? {})) {
      fields[name] = (entry) => {
        check(entry.value)
        remark(entry)
        if (mapsCertificates(entry.value)) values.setBlock(mapping(name), entry.keyPosition)
      }
    }
    for (const [name, check] of Object.entries(REFUSED[path] ?? {})) {
      fields[name] = (entry) => {
        check(entry.value)
        const isOff = entry.value.kind === 'boolean' && !entry.value.value
        if (!isOff) problems.refuseAt(entry.keyPosition, `${entry.key} is`)
      }
    }
    return fields
  }

  function readBlock(entry: ConfigEntry, path: string, values: Values): void {
    const { isRepeatable, noMap } = blocks[path]!
    const { value } = entry
    if (blocksWithoutEffect.includes(path)) {
      remark(entry)
      return
    }
    if (isRepeatable) {
      // As with all keys, of two such blocks the last one counts: they are not added up.
      values.setList(path, (value.kind === 'array' ? value.items : [value]).map(valuesIn))
      return
    }
    if (BLOCKS_OF_THE_VAULT.includes(path)) remarkTwice(entry)
    if (noMap !== undefined && value.kind !== 'map') throw notMap(value)
    readMap(mapIn(value), fieldsOf(path, values), problems)
    values.setBlock(path, entry.keyPosition)

    function valuesIn(item: ConfigEntry['value']): Values {
      const itsValues = new Values()
      if (item.kind === 'map') readMap(item, fieldsOf(path, itsValues), problems)
      else if (item === value) throw notMap(item)
      else problems.errorAt(item.position, notMap(item).message)
      return itsValues
    }

    function notMap(item: ConfigEntry['value']): InvalidValue {
      return new InvalidValue(noMap + goType(item))
    }
  }

  function readSetting(entry: ConfigEntry, setting: AnySetting, values: Values): void {
    if (setting === schema.apps.hubs) remarkTwice(entry)
    values.set(setting, setting.type.fromConfig(entry.value, sourceOf(entry)), entry.keyPosition)
    if (settingsWithoutEffect.includes(setting)) remark(entry)
  }

  function sourceOf({ key, keyPosition }: ConfigEntry): ConfigSource {
    const warn = (reason: string) => problems.warningAt(keyPosition, key, reason)
    return { name: key, position: keyPosition, problems, surroundings, warn }
  }

  /** nats-server takes the last one of its own blocks without a word; ours may stand in files that are included. */
  function remarkTwice({ key, keyPosition, earlier }: ConfigEntry): void {
    if (earlier) problems.remarkAt(keyPosition, `${key} takes the place of the one at ${formatPosition(earlier)}`)
  }

  function remark({ key, keyPosition }: ConfigEntry): void {
    problems.remarkAt(keyPosition, `${key} has no effect here`)
  }
}

function parentOf(path: string): string {
  return splitKey(path)[0]
}
