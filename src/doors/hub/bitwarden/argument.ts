import { isDateField } from '#notify'
import { type HubProtocol, Timestamp } from '#wire/signalr'

type Members = Record<string, unknown>

/**
 * What was published, as the official server has it in each protocol. In MessagePack names stay as they are and dates
 * have a form of their own; in JSON names begin with a small letter and dates stay the text that they are. Objects
 * within are treated alike: policies carry their dates one level down. spec: hub §3, §3.3
 */
export function argumentIn(protocol: HubProtocol, published: Members): Members {
  return protocol.name === 'json' ? camelCased(published) : withTimestamps(published)
}

function camelCased(members: Members): Members {
  return mapMembers(members, (name, value) => [
    name.slice(0, 1).toLowerCase() + name.slice(1),
    isObject(value) ? camelCased(value) : value,
  ])
}

function withTimestamps(members: Members): Members {
  return mapMembers(members, (name, value) => {
    if (typeof value === 'string' && isDateField(name)) return [name, Timestamp.parse(value) ?? value]
    return [name, isObject(value) ? withTimestamps(value) : value]
  })
}

function mapMembers(members: Members, map: (name: string, value: unknown) => [string, unknown]): Members {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => map(name, value)))
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
