import type { ConnectionType } from '#auth'
import type { ConfigEntry, ConfigMap, ConfigValue, Problems } from '../language/index.ts'
import { schema } from '../settings/schema.ts'
import type { Values } from '../values.ts'
import type { NatsUser } from './users.ts'

/** Blocks that have no effect here, and the ways in that are theirs. */
const FOREIGN_WAYS: Readonly<Record<string, readonly ConnectionType[]>> = {
  mqtt: ['MQTT', 'MQTT_WS'],
  leafnodes: ['LEAFNODE', 'LEAFNODE_WS'],
  leaf: ['LEAFNODE', 'LEAFNODE_WS'],
}

/**
 * A user without a password is known by a certificate wherever a listener has `verify_and_map`, and then comes in by none
 * without one. Where that listener is of a kind that is not there, such a user would come in by the others with nothing.
 */
export function refuseForeignCertificates(file: ConfigMap, values: Values, problems: Problems): void {
  const { users, accounts, noAuthUser } = schema.nats
  const all = [...(values.get(users) ?? []), ...(values.get(accounts)?.users ?? [])]
  const bare = all.filter((user) => 'user' in user && user.password === '' && user.user !== values.get(noAuthUser))
  for (const [block, ways] of Object.entries(FOREIGN_WAYS)) {
    const mapping = mappingOf(fieldOf(file, block)?.value)
    if (mapping === undefined || !bare.some((user) => mayComeByOne(user, ways))) continue
    problems.refuseAt(mapping.keyPosition, `${mapping.key} of ${block}, for users without a password, is`)
  }
}

function mayComeByOne({ connectionTypes = [] }: NatsUser, ways: readonly ConnectionType[]): boolean {
  return connectionTypes.length === 0 || connectionTypes.some((type) => ways.includes(type))
}

/** Of a listener that nats-server would start, and whose clients are those of the server. */
function mappingOf(block: ConfigValue | undefined): ConfigEntry | undefined {
  const isListening = ['listen', 'port'].some((name) => fieldOf(block, name) !== undefined)
  const own = fieldOf(block, 'authorization')?.value
  const hasOwnUsers = ['user', 'username', 'users', 'nkey'].some((name) => fieldOf(own, name) !== undefined)
  const mapping = fieldOf(fieldOf(block, 'tls')?.value, 'verify_and_map')
  const isOn = mapping?.value.kind === 'boolean' && mapping.value.value
  return isListening && !hasOwnUsers && isOn ? mapping : undefined
}

function fieldOf(value: ConfigValue | undefined, name: string): ConfigEntry | undefined {
  if (value?.kind !== 'map') return undefined
  return [...value.entries.values()].find(({ key }) => key.toLowerCase() === name)
}
