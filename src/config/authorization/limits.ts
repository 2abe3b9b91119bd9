import type { AccountLimits } from '#core'
import { type ConfigEntry, goFormat, InvalidValue, integerIn, type Problems, readMap } from '../language/index.ts'

const MAX_INT32 = 2 ** 31 - 1

/** `limits {}` of an account. A negative number is none. */
export function limitsIn({ value }: ConfigEntry, problems: Problems): AccountLimits {
  if (value.kind !== 'map') {
    throw new InvalidValue(`Expected account limits to be a map/struct, got ${goFormat(value)}`)
  }
  const limits: { -readonly [Name in keyof AccountLimits]: AccountLimits[Name] } = {}
  const limit = (name: keyof AccountLimits) => (entry: ConfigEntry) => {
    limits[name] = limitIn(entry)
  }
  const fields = {
    max_connections: limit('maxConnections'),
    max_conn: limit('maxConnections'),
    max_subscriptions: limit('maxSubscriptions'),
    max_subs: limit('maxSubscriptions'),
    max_payload: limit('maxPayloadBytes'),
    max_pay: limit('maxPayloadBytes'),
    max_leafnodes: limit('maxLeafNodes'),
    max_leafs: limit('maxLeafNodes'),
  }
  readMap(value, fields, problems, (key) => `Unknown field ${key} parsing account limits`)
  return limits
}

function limitIn({ key, value }: ConfigEntry): number | undefined {
  const limit = Number(integerIn(value))
  // nats-server would only keep the lower half of it.
  if (limit > MAX_INT32) throw new InvalidValue(`${key} value is too big`)
  return limit < 0 ? undefined : limit
}
