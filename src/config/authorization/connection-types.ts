import { CONNECTION_TYPES, type ConnectionType } from '#auth'
import { type ConfigEntry, InvalidValue, stringsIn } from '../language/index.ts'

/** By which doors a user may come, in any case; `undefined` for all, which is also what an empty list means. */
export function connectionTypesIn({ value }: ConfigEntry): readonly ConnectionType[] | undefined {
  const names = stringsIn(value, 'allowed connection types').map((name) => name.toUpperCase())
  const unknown = names.filter((name) => !isConnectionType(name))
  if (unknown.length > 0) {
    throw new InvalidValue(`invalid connection types [${unknown.map((name) => JSON.stringify(name)).join(' ')}]`)
  }
  return names.length === 0 ? undefined : [...new Set(names.filter(isConnectionType))]
}

/** The same of a program, in the words of nats-server's start. */
export function checkedConnectionTypes(given: readonly string[] = []): readonly ConnectionType[] | undefined {
  const unknown = given.find((name) => !isConnectionType(name.toUpperCase()))
  if (unknown !== undefined) throw new InvalidValue(`unknown connection type ${JSON.stringify(unknown)}`)
  const names = given.map((name) => name.toUpperCase()).filter(isConnectionType)
  return names.length === 0 ? undefined : [...new Set(names)]
}

function isConnectionType(name: string): name is ConnectionType {
  return (CONNECTION_TYPES as readonly string[]).includes(name)
}
