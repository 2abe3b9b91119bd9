import { type ConfigValue, InvalidValue, stringIn } from '../language/index.ts'
import { nearest } from '../nearest.ts'
import { LOG_LEVELS, type LogLevel } from './choices.ts'
import { mustBe, type SettingType, type Source } from './setting-type.ts'

/** Who writes events into the log: the `room` or the `door` of its lines. */
export const LOG_ROOMS = [
  'cluster',
  'hub',
  'icons',
  'jobs',
  'mail',
  'metrics',
  'nats',
  'push',
  'relay',
  'vault',
  'web',
] as const

/** Levels of single rooms. */
export type RoomLevels = Readonly<Record<string, LogLevel>>

export const roomLevels: SettingType<RoomLevels> = {
  description: `\`room=level\`, separated by commas, or a map of them; rooms: ${LOG_ROOMS.map((room) => `\`${room}\``).join(', ')}`,
  fromText: (text, source) => levels(pairsOf(text, source), source),
  fromConfig(value: ConfigValue, source) {
    if (value.kind !== 'map') return levels(pairsOf(stringIn(value), source), source)
    return levels(
      [...value.entries].map(([room, entry]) => [room, stringIn(entry.value)]),
      source,
    )
  },
  fromProgram(value, source) {
    if (typeof value !== 'object' || value === null) throw new InvalidValue(mustBe(source, 'levels by room', value))
    return levels(Object.entries(value), source)
  },
}

function pairsOf(text: string, source: Source): (readonly [room: string, level: string])[] {
  const items = text.split(',').map((item) => item.trim())
  return items
    .filter((item) => item !== '')
    .map((item) => {
      const [room = '', level, ...rest] = item.split('=')
      if (level === undefined || rest.length > 0) throw new InvalidValue(mustBe(source, 'like "hub=debug"', item))
      return [room.trim(), level.trim()]
    })
}

function levels(pairs: readonly (readonly [room: string, level: string])[], source: Source): RoomLevels {
  const found: Record<string, LogLevel> = {}
  for (const [room, name] of pairs) {
    if (!LOG_ROOMS.some((one) => one === room)) {
      const meant = nearest(room, LOG_ROOMS)
      const hint = meant === undefined ? `rooms are ${LOG_ROOMS.join(', ')}` : `did you mean "${meant}"?`
      throw new InvalidValue(`${source.name}: there is no room "${room}" in the log; ${hint}`)
    }
    const level = LOG_LEVELS.find((one) => one === String(name).toLowerCase())
    if (level === undefined) {
      throw new InvalidValue(`${source.name}: the level of "${room}" must be one of ${LOG_LEVELS.join(', ')}`)
    }
    found[room] = level
  }
  return found
}
