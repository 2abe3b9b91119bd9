/** What nats-server says of the things that a single server without JetStream has none of. */
import { goTime } from './go-format.ts'
import type { JsonObject } from './json.ts'
import { BadRequest, type Query } from './query.ts'
import type { MonitoringSource } from './source.ts'

export function routez(source: MonitoringSource, query: Query, nowMs: number): JsonObject {
  query.subscriptions()
  const { id, name } = source.server()
  return { server_id: id, server_name: name, now: goTime(nowMs), num_routes: 0, routes: [] }
}

export function gatewayz(source: MonitoringSource, query: Query, nowMs: number): JsonObject {
  query.subscriptions()
  query.boolean('accs')
  return { server_id: source.server().id, now: goTime(nowMs), outbound_gateways: {}, inbound_gateways: {} }
}

export function jsz(source: MonitoringSource, query: Query, nowMs: number): JsonObject {
  for (const name of ['accounts', 'streams', 'consumers', 'direct-consumers', 'config']) query.boolean(name)
  query.page()
  const isForLeaders = query.boolean('leader-only')
  for (const name of ['raft', 'stream-leader-only']) query.boolean(name)
  if (isForLeaders) throw new BadRequest('filtered response: not leader')
  return {
    memory: 0,
    storage: 0,
    reserved_memory: 0,
    reserved_storage: 0,
    accounts: 0,
    ha_assets: 0,
    api: { level: 0, total: 0, errors: 0 },
    server_id: source.server().id,
    now: goTime(nowMs),
    disabled: true,
    config: { max_memory: 0, max_storage: 0 },
    streams: 0,
    consumers: 0,
    messages: 0,
    bytes: 0,
    total: 0,
  }
}
