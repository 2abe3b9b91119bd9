import type { ConnectionType } from '#auth'
import type { ConfigMap, ConfigValue } from './language/index.ts'
import type { NatsServerOptions } from './options.ts'
import type { Choice } from './values.ts'

/** Ways in that are not there yet, by the blocks that are for them: directly, and over WebSocket. */
const DOORS = {
  mqtt: ['MQTT', 'MQTT_WS'],
} as const satisfies Readonly<Record<string, readonly [direct: ConnectionType, overWebSocket: ConnectionType]>>

/** What stands for the certificates of a block that has no effect otherwise. */
export function mapping(block: string): string {
  return `${block}.tls.verify_and_map`
}

/** Whether it has a listener on which certificates say who somebody is. */
export function mapsCertificates(block: ConfigValue): boolean {
  if (block.kind !== 'map' || !['listen', 'port'].some((key) => valueIn(block, key) !== undefined)) return false
  const tls = valueIn(block, 'tls')
  const maps = tls?.kind === 'map' ? valueIn(tls, 'verify_and_map') : undefined
  return maps?.kind === 'boolean' && maps.value
}

/**
 * The ways in other than those of clients on which users of the table are known by certificates: they have no password,
 * and must not come in elsewhere without either. Those over WebSocket count where a WebSocket listener asks for
 * certificates; leaf nodes, where they have no logins of their own.
 */
export function foreignCertificateTypes(
  choose: Choice,
  { websockets, leafnodes: { listener } }: Pick<NatsServerOptions, 'websockets' | 'leafnodes'>,
): ConnectionType[] {
  const asksOverWebSocket = websockets.some(({ tls }) => tls?.verify)
  const both = ([direct, overWebSocket]: readonly [ConnectionType, ConnectionType]) =>
    asksOverWebSocket ? [direct, overWebSocket] : [direct]
  const { user, nkey, users } = listener?.authorization ?? {}
  const leafsAreInTable = listener?.tls?.verifyAndMap && [user, nkey, users].every((own) => own === undefined)
  return [
    ...Object.entries(DOORS).flatMap(([block, types]) => (choose.hasBlock(mapping(block)) ? both(types) : [])),
    ...(leafsAreInTable ? both(['LEAFNODE', 'LEAFNODE_WS']) : []),
  ]
}

function valueIn({ entries }: ConfigMap, name: string): ConfigValue | undefined {
  return [...entries.values()].findLast(({ key }) => key.toLowerCase() === name)?.value
}
