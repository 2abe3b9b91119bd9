import { deepType } from '../authorization/deep-type.ts'
import {
  type ConfigEntry,
  formatPosition,
  goType,
  InvalidValue,
  mapIn,
  type Position,
  readMap,
} from '../language/index.ts'
import { nearest } from '../nearest.ts'
import type { ConfigSource, ProgramSource, SettingType } from '../types/setting-type.ts'
import { APP_HUB_FIELDS, type AppHubSettings, type ConfiguredHub } from './app-hub.ts'

/** What a program gives: hubs by their names. */
export type GivenHubs = Readonly<Record<string, Partial<AppHubSettings>>>

const OPTIONS = Object.keys(APP_HUB_FIELDS) as (keyof AppHubSettings)[]

/** A segment of a path and a token of a subject, which nobody has to quote. */
const NAME = /^[a-z][\w-]{0,63}$/i
const NAME_RULES = 'a hub must be called by up to 64 letters, digits, "-" and "_", the first of them a letter'

/** `hubs`: by name. */
export const appHubs = deepType<readonly ConfiguredHub[], GivenHubs>({
  description: 'map of names and hubs, see [Hubs of your own](hubs.md)',
  fromConfig: (value, source) =>
    [...mapIn(value).entries.values()].filter(({ isUsedAsVariable }) => !isUsedAsVariable).flatMap(readHub(source)),
  fromProgram(given, source) {
    if (!isMap(given)) throw new InvalidValue(`${source.name} must be a map of names and hubs`)
    return Object.entries(given).map(([name, hub]) => givenHub(name, hub, source))
  },
})

function readHub(source: ConfigSource): (entry: ConfigEntry) => ConfiguredHub[] {
  const { problems } = source
  return ({ key: name, keyPosition, value, earlier }) => {
    // Elsewhere in the file the last one counts, as in nats-server; a hub would be gone, with its keys.
    if (earlier) problems.errorAt(keyPosition, `there is a hub ${name} already, at ${formatPosition(earlier)}`)
    if (!NAME.test(name)) problems.errorAt(keyPosition, NAME_RULES)
    if (value.kind !== 'map') {
      problems.errorAt(keyPosition, `Expected hub ${name} to be a map, got ${goType(value)}`)
      return []
    }
    const given: Record<string, unknown> = {}
    const positions = new Map<keyof AppHubSettings, Position>()
    const fields = OPTIONS.map((option) => {
      const { key, type } = APP_HUB_FIELDS[option]
      const read = (entry: ConfigEntry) => {
        const itsSource = { ...source, name: entry.key, position: entry.keyPosition }
        given[option] = type.fromConfig(entry.value, itsSource)
        positions.set(option, entry.keyPosition)
      }
      return [key, read] as const
    })
    readMap(value, Object.fromEntries(fields), problems)
    return [{ name, given, position: keyPosition, positions }]
  }
}

function givenHub(name: string, hub: unknown, source: ProgramSource): ConfiguredHub {
  const path = `${source.name}.${name}`
  if (!NAME.test(name)) throw new InvalidValue(`${path}: ${NAME_RULES}`)
  if (!isMap(hub)) throw new InvalidValue(`${path} must be a map of options`)
  const given: Record<string, unknown> = {}
  for (const [option, value] of Object.entries(hub)) {
    if (value === undefined) continue
    if (!isOption(option)) {
      const near = nearest(option, OPTIONS)
      throw new InvalidValue(
        `unknown option "${path}.${option}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`,
      )
    }
    const type = APP_HUB_FIELDS[option].type as SettingType<unknown>
    given[option] = type.fromProgram(value, { ...source, name: `${path}.${option}` })
  }
  return { name, given, positions: new Map() }
}

function isOption(option: string): option is keyof AppHubSettings {
  return Object.hasOwn(APP_HUB_FIELDS, option)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
